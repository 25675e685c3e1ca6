package fragment_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// served returns a level whose value is stale, and a fill that serves it so:
// by a refill that fails, or beside a refill of another caller.
func served(t *testing.T, how string) (level, fill) {
	part := level{fresh(t, fragment.Options{}), fragment.KeyOf("part"), staleMinute}
	wantDo(t, part.c, part.k, part.p, give("stale"), "stale")
	time.Sleep(time.Second)
	if how == "beside a refill" {
		go part.c.Do(t.Context(), part.k, part.p, takes(time.Minute, "new"))
		synctest.Wait()
	}
	return part, fails
}

// What was built on a stale part is served and not stored: else it would show
// the old part after the part is new.
func TestStalePartBubbles(t *testing.T) {
	for _, how := range []string{"its refill failed", "beside a refill"} {
		for _, ignore := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var w watcher
				part, f := served(t, how)
				outer := levels(t, fragment.Policy{IgnoreInner: ignore}, fragment.Policy{IgnoreInner: ignore})
				outer[0].c = fresh(t, fragment.Options{Observe: w.observe})
				value, err := inside(append(outer, part), f)(t.Context())
				if string(value) != "stale" || err != nil {
					t.Errorf("%s: %q, %v, want the stale value", how, value, err)
				}
				for i, l := range outer {
					if has, err := l.c.Has(t.Context(), l.k); has || err != nil {
						t.Errorf("%s: level %d, built on a stale part, is stored", how, i)
					}
				}
				if skips := w.events(fragment.EventSkip); len(skips) != 1 || skips[0].Reason == "" {
					t.Errorf("skips %v, want one with a reason", skips)
				}
				time.Sleep(time.Minute)
			})
		}
	}
}

// Whoever waits for such a value has a stale part too.
func TestStalePartBubblesToWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part, f := served(t, "its refill failed")
		middle := levels(t, fragment.Policy{})[0]
		pages := levels(t, fragment.Policy{}, fragment.Policy{})
		slow := func(ctx context.Context) ([]byte, error) {
			time.Sleep(time.Second)
			return inside([]level{part}, f)(ctx)
		}
		var wg sync.WaitGroup
		for _, page := range pages {
			wg.Go(func() { inside([]level{page, middle}, slow)(t.Context()) })
		}
		wg.Wait()
		if s := middle.c.Stats(); s.Waits != 1 {
			t.Errorf("%d waited, want one", s.Waits)
		}
		for _, page := range pages {
			wantGet(t, page.c, page.k, "-")
		}
	})
}

// A stale entry that Get does not return, and one that is refilled, is no stale
// part.
func TestRefilledPartIsNotStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part, _ := served(t, "its refill failed")
		page := levels(t, fragment.Policy{})[0]
		inside([]level{page}, func(ctx context.Context) ([]byte, error) {
			if _, ok, err := part.c.Get(ctx, part.k); ok || err != nil {
				t.Errorf("Get returns a stale value (%v)", err)
			}
			return part.c.Do(ctx, part.k, part.p, give("new"))
		})(t.Context())
		wantGet(t, page.c, page.k, "new")
		wantLeft(t, page, time.Second)
	})
}
