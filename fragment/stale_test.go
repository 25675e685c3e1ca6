package fragment_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var staleMinute = fragment.Policy{TTL: time.Second, Stale: time.Minute, RetryAfter: -1}

// A stale value is for the others while one refills, and for that one if its
// refill fails; within Stale and not beyond.
func TestStaleValueIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, staleMinute, give("old"), "old")
		time.Sleep(time.Second)
		wantGet(t, c, k, "-") // Get is for fresh values
		wantDo(t, c, k, staleMinute, fails, "old")
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, k, staleMinute, takes(time.Second, "new"), "new") })
		synctest.Wait()
		wantDo(t, c, k, staleMinute, give("not run"), "old")
		wg.Wait()
		wantDo(t, c, k, staleMinute, give("not run"), "new")
		time.Sleep(time.Second + time.Minute - almost)
		wantDo(t, c, k, staleMinute, fails, "new")
		time.Sleep(almost)
		if _, err := c.Do(t.Context(), k, staleMinute, fails); !errors.Is(err, errFill) {
			t.Errorf("past its stale time: %v, want the error of the fill", err)
		}
	})
}

// A refill that takes longer than the stale value may live is not replaced by
// that value when it fails.
func TestStaleValueDiesDuringARefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, staleMinute, give("old"), "old")
		time.Sleep(time.Minute)
		slow := func(context.Context) ([]byte, error) {
			time.Sleep(time.Minute)
			return nil, errFill
		}
		if value, err := c.Do(t.Context(), k, staleMinute, slow); !errors.Is(err, errFill) {
			t.Errorf("Do = %q, %v, want the error of the fill", value, err)
		}
	})
}

// Nor is one whose tag was invalidated meanwhile.
func TestStaleValueIsInvalidatedDuringARefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := staleMinute
		p.Tags = []string{"t"}
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, p, give("old"), "old")
		time.Sleep(2 * time.Second)
		invalidates := func(ctx context.Context) ([]byte, error) {
			return nil, errors.Join(errFill, c.InvalidateTags(ctx, "t"))
		}
		if value, err := c.Do(t.Context(), k, p, invalidates); !errors.Is(err, errFill) {
			t.Errorf("Do = %q, %v, want the error of the fill", value, err)
		}
	})
}

// The stale value replaces the error of a fill, and not its panic.
func TestPanicOfARefillIsNotHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, staleMinute, give("old"), "old")
		time.Sleep(2 * time.Second)
		if p := panicOf(func() { c.Do(t.Context(), k, staleMinute, panics) }); p != "oh no" {
			t.Errorf("recovered %v, want the panic of the fill", p)
		}
		wantDo(t, c, k, staleMinute, fails, "old")
	})
}

func TestStaleIsOffByChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{Policy: staleMinute}), fragment.KeyOf("k")
		off := fragment.Policy{Stale: -1}
		wantDo(t, c, k, off, give("old"), "old")
		time.Sleep(time.Second)
		if _, err := c.Do(t.Context(), k, off, fails); !errors.Is(err, errFill) {
			t.Errorf("error %v, want that of the fill", err)
		}
	})
}

// Expire ends the freshness of an entry and leaves the rest of its life as a
// stale one.
func TestExpireMakesStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
		must(t, c.Expire(ctx, k)) // nothing there is no error
		wantDo(t, c, k, fragment.Policy{TTL: time.Minute}, give("old"), "old")
		must(t, c.Expire(ctx, k, fragment.KeyOf("other")))
		wantGet(t, c, k, "-")
		wantDo(t, c, k, fragment.Policy{}, fails, "old")
		time.Sleep(time.Minute - almost)
		must(t, c.Expire(ctx, k)) // once more does not prolong it
		wantDo(t, c, k, fragment.Policy{}, fails, "old")
		time.Sleep(almost)
		if _, err := c.Do(ctx, k, fragment.Policy{}, fails); !errors.Is(err, errFill) {
			t.Errorf("past its life: %v, want the error of the fill", err)
		}
	})
}

func TestExpiredEntryIsFilledAnew(t *testing.T) {
	ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{Tags: []string{"t"}}, give("old"), "old")
	must(t, c.Expire(ctx, k))
	wantDo(t, c, k, fragment.Policy{}, give("new"), "new")
	wantGet(t, c, k, "new")
	must(t, c.InvalidateTags(ctx, "t")) // was a tag of the old one
	wantGet(t, c, k, "new")
}

func TestTouchGivesANewLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
		touch := func(p fragment.Policy, want bool) {
			t.Helper()
			if ok, err := c.Touch(ctx, k, p); ok != want || err != nil {
				t.Errorf("Touch = %t, %v, want %t", ok, err, want)
			}
		}
		touch(fragment.Policy{}, false)
		must(t, c.Set(ctx, k, []byte("v"), fragment.Policy{TTL: time.Second, Tags: []string{"t"}}))
		time.Sleep(time.Second - almost)
		touch(staleMinute, true)
		time.Sleep(time.Second - almost)
		wantGet(t, c, k, "v")
		time.Sleep(almost)
		touch(staleMinute, false) // a stale entry is not fresh again by a touch
		wantDo(t, c, k, staleMinute, fails, "v")
		must(t, c.Set(ctx, k, []byte("w"), fragment.Policy{TTL: time.Hour, Tags: []string{"t"}}))
		touch(fragment.Policy{TTL: time.Second}, true) // also a shorter one
		must(t, c.InvalidateTags(ctx, "t"))            // and its tags stay
		wantGet(t, c, k, "-")
	})
}

// Who does not want a stale value is not served one.
func TestNoStaleForWhoWantsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{})
		wantDo(t, c, body, fragment.Policy{TTL: time.Minute, Stale: time.Hour}, give("old"), "old")
		time.Sleep(59 * time.Second)
		got, err := c.Do(t.Context(), body, fragment.Policy{Stale: -1, Refresh: true}, func(context.Context) ([]byte, error) {
			time.Sleep(2 * time.Second)
			return nil, errFill
		})
		if err == nil {
			t.Errorf("got %q, which is stale", got)
		}
	})
}
