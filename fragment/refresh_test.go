package fragment_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func TestRefreshFillsAnewForEverybody(t *testing.T) {
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	anew := fragment.Policy{Refresh: true}
	wantDo(t, c, k, anew, give("first"), "first")
	wantDo(t, c, k, anew, give("second"), "second")
	wantDo(t, c, k, fragment.Policy{}, give("unasked"), "second")
	wantDo(t, c, k, anew, fails, "second") // what is stored remains and is served
	wantDo(t, c, k, fragment.Policy{}, give("unasked"), "second")
	wantDo(t, c, k, anew, func(ctx context.Context) ([]byte, error) {
		fragment.DoNotStore(ctx, "mine alone")
		return []byte("mine"), nil
	}, "mine")
	wantDo(t, c, k, fragment.Policy{}, give("unasked"), "second")
}

// What was being filled before a refresh was asked for is not its answer.
func TestRefreshDoesNotWaitForAFillFromBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		var wg sync.WaitGroup
		wg.Go(func() { do(t, t.Context(), c, k, fragment.Policy{}, takes(time.Second, "old")) })
		synctest.Wait()
		wantDo(t, c, k, fragment.Policy{Refresh: true}, give("new"), "new")
		wg.Wait()
	})
}

func TestStaleOffIsOffForTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, fragment.Policy{TTL: time.Second, Stale: time.Minute}, give("old"), "old")
		time.Sleep(2 * time.Second)
		if _, err := c.Do(t.Context(), k, fragment.Policy{Stale: -1}, fails); err != errFill {
			t.Errorf("with Stale off a failing fill gives %v, want its error", err)
		}
		wantDo(t, c, k, fragment.Policy{}, fails, "old")
	})
}

// What was deleted or replaced while a refill ran is not served when that fails.
func TestFailedRefillServesWhatIsStoredThen(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(c *fragment.Cache, k fragment.Key) error
		want      string
	}{
		"nothing happens": {func(*fragment.Cache, fragment.Key) error { return nil }, "old"},
		"Delete":          {func(c *fragment.Cache, k fragment.Key) error { return c.Delete(t.Context(), k) }, ""},
		"Set": {func(c *fragment.Cache, k fragment.Key) error {
			return c.Set(t.Context(), k, []byte("new"), fragment.Policy{})
		}, "new"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
			wantDo(t, c, k, fragment.Policy{TTL: time.Second, Stale: time.Minute}, give("old"), "old")
			time.Sleep(2 * time.Second)
			value, err := c.Do(t.Context(), k, fragment.Policy{}, func(context.Context) ([]byte, error) {
				wantErr(t, name, test.meanwhile(c, k), nil)
				return nil, errFill
			})
			if string(value) != test.want || (err != nil) != (test.want == "") {
				t.Errorf("%s: got %q, %v, want %q", name, value, err, test.want)
			}
		})
	}
}
