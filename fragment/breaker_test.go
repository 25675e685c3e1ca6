package fragment_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var errUnreachable = fragmenttest.ErrUnreachable

// A Backend that is down is left alone after some faults, costs nothing then, and
// is used again when it answers.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newProcesses(t, 1, fragment.Options{}), t.Context(), fragment.KeyOf("k")
		c := p.caches[0]
		wantDo(t, c, k, withTags(), give("v"), "v")
		p.server.Hang()
		start := time.Now()
		for i := range 20 {
			wantDo(t, c, k, withTags(), give("w"), "w")
			if d := time.Since(start); d != min(time.Duration(i+1), 3)*readBudget {
				t.Errorf("after %d calls %v were spent", i+1, d)
			}
		}
		wantErr(t, "Set", c.Set(ctx, k, nil, withTags()), fragment.ErrDown)
		wantErr(t, "Delete", c.Delete(ctx, k), fragment.ErrDown)
		wantErr(t, "InvalidateTags", c.InvalidateTags(ctx, "t"), fragment.ErrDown)
		wantErr(t, "Clear", c.Clear(ctx), fragment.ErrDown)
		p.server.ResetTrips()
		time.Sleep(time.Minute)
		if s := c.Stats(); s.Faults != 3 {
			t.Errorf("%d faults were counted, want 3", s.Faults)
		}
		p.server.Up()
		time.Sleep(5 * time.Second)
		wantGet(t, c, k, "-")
		wantDo(t, c, k, withTags(), give("x"), "x")
		wantGet(t, c, k, "x")
		var told []string
		for _, e := range p.seen.Events(fragment.EventBreaker) {
			told = append(told, e.Reason)
		}
		if got := strings.Join(told, ", "); got != "open, half open, closed" {
			t.Errorf("the breaker was told to be %s", got)
		}
	})
}

// What was invalidated while the Backend was down does not come back when it is
// up again: not in the process that was told, and not in others that have heard
// that it was down.
func TestNothingInvalidatedComesBack(t *testing.T) {
	for way, invalidate := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
		"tag":    func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.InvalidateTags(ctx, "t") },
		"Clear":  func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.Clear(ctx) },
		"Delete": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
		"Set": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
			return c.Set(ctx, k, []byte("new"), withTags())
		},
	} {
		for _, known := range []bool{true, false} { // that it is down, before
			synctest.Test(t, func(t *testing.T) {
				p, ctx, k := newProcesses(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("k")
				here, there := p.caches[0], p.caches[1]
				wantDo(t, here, k, withTags("t"), give("old"), "old")
				p.server.Down()
				for range 6 {
					if known {
						here.Get(ctx, k)
					}
					there.Get(ctx, k)
				}
				if err := invalidate(ctx, here, k); !errors.Is(err, errUnreachable) && !errors.Is(err, fragment.ErrDown) {
					t.Errorf("%s: error %v, want the fault", way, err)
				}
				time.Sleep(10 * time.Second)
				p.server.Up()
				for range 100 {
					for i, c := range p.caches {
						if got, ok, _ := c.Get(ctx, k); ok {
							t.Errorf("%s, known %t: process %d serves %q", way, known, i, got)
						}
					}
					time.Sleep(50 * time.Millisecond)
				}
				wantDo(t, here, k, withTags("t"), give("new"), "new")
				wantGet(t, there, k, "new")
			})
		}
	}
}

// A single fault, with no breaker in play, is made up for as well.
func TestFailedInvalidationIsTriedAgain(t *testing.T) {
	for what, invalidate := range invalidations {
		synctest.Test(t, func(t *testing.T) {
			t.Log(what)
			p, ctx, k := newProcesses(t, 2, fragment.Options{MaxFaults: -1}), t.Context(), fragment.KeyOf("k")
			here, there := p.caches[0], p.caches[1]
			wantDo(t, here, k, withTags("t"), give("old"), "old")
			p.conns[0].Cut()
			wantErr(t, what, invalidate(ctx, here, k), errUnreachable)
			wantGet(t, there, k, "old") // which nobody could tell
			p.conns[0].Mend()
			wantGet(t, here, k, "-")
			wantDo(t, here, k, withTags("t"), give("not served"), "not served")
			wantGet(t, here, k, "-")
			time.Sleep(2 * time.Second)
			wantGet(t, there, k, "-")
			wantDo(t, here, k, withTags("t"), give("new"), "new")
			wantGet(t, there, k, "new")
		})
	}
}

// However many keys could not be deleted, what is owed stays bounded.
func TestDebtsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx := newProcesses(t, 1, fragment.Options{}), t.Context()
		c := p.caches[0]
		other := fragment.KeyOf("other")
		wantDo(t, c, other, withTags(), give("v"), "v")
		p.server.Down()
		for i := range 11_000 {
			c.Delete(ctx, fragment.KeyOf("k", i))
		}
		p.server.Up()
		time.Sleep(5 * time.Second)
		wantGet(t, c, other, "-") // all was cleared instead
		wantDo(t, c, other, withTags(), give("w"), "w")
		wantGet(t, c, other, "w")
	})
}
