package fragment_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var anew = fragment.Policy{Refresh: true}

// What a refresh brought stays, although a fill from before it ends later.
func TestRefreshIsNotOverwrittenByAnOlderFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, takes(time.Second, "old"), "old") })
		synctest.Wait()
		wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, fails, "new") }) // waits for the first
		synctest.Wait()
		wantDo(t, c, k, anew, give("new"), "new")
		wg.Wait()
		wantGet(t, c, k, "new")
	})
}

// Nobody who asks for a refresh gets what was stored, or begun, before that;
// also if many ask at once, or do not wait.
func TestRefreshesAtOnce(t *testing.T) {
	for _, wait := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			c, k := fresh(t, fragment.Options{Wait: wait}), fragment.KeyOf("k")
			var version, fills atomic.Int64
			read := func(context.Context) ([]byte, error) {
				fills.Add(1)
				v := version.Load()
				time.Sleep(time.Second)
				return fmt.Appendf(nil, "%03d", v), nil
			}
			do(t, t.Context(), c, k, fragment.Policy{}, read)
			together(50, func(i int) {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				asked := fmt.Sprintf("%03d", version.Add(1))
				if got := do(t, t.Context(), c, k, anew, read); got < asked {
					t.Errorf("a refresh of version %s got %s", asked, got)
				}
			})
			wantGet(t, c, k, "050")
			t.Logf("wait %v: %d fills", wait, fills.Load())
		})
	}
}

// The same on the real clock, where they get in each other's way.
func TestRefreshesInEachOthersWay(t *testing.T) {
	c, k := open(t, hesitant(), fragment.Options{}), fragment.KeyOf("k")
	var version atomic.Int64
	read := func(context.Context) ([]byte, error) { return fmt.Appendf(nil, "%09d", version.Load()), nil }
	together(8, func(int) {
		for range 500 {
			asked := fmt.Sprintf("%09d", version.Add(1))
			if got := do(t, t.Context(), c, k, anew, read); got < asked {
				t.Errorf("a refresh of version %s got %s", asked, got)
			}
			if got := do(t, t.Context(), c, k, fragment.Policy{}, read); got < asked {
				t.Errorf("after a refresh of version %s there is %s", asked, got)
			}
		}
	})
}
