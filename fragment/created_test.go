package fragment_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// creating is the steps by which a fill may give stamps to slots.
var creating = []step{createsStamp, movesSlots, changesEpoch}

// Two processes fill at once where nothing has a stamp. Those that the first one
// created stay. If that was before the fill of the second one, they hold for that
// as well; else it stores next time.
func TestStampsThatWereCreatedMeanwhileStay(t *testing.T) {
	p, ctx, a, b := newSteppers(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("a"), fragment.KeyOf("b")
	wantHas := func(when string, keys ...fragment.Key) {
		t.Helper()
		for i, c := range p.caches {
			for _, k := range keys {
				if ok, err := c.Has(ctx, k); !ok || err != nil {
					t.Errorf("%s: process %d has %v: %t, %v", when, i, k, ok, err)
				}
			}
		}
	}
	beside := func(policy fragment.Policy, f fill) func(step) {
		var once sync.Once // a fill creates several at a time
		return func(at step) {
			if slices.Contains(creating, at) {
				once.Do(func() { wantDo(t, p.caches[1], b, policy, f, "v") })
			}
		}
	}
	p.conns[0].before = beside(withTags("known"), give("v"))
	wantDo(t, p.caches[0], a, withTags("known"), give("v"), "v")
	wantHas("before the fill", a, b)

	must(t, p.caches[0].Delete(ctx, a, b))
	var inside context.Context
	wantDo(t, p.caches[0], a, withTags(), func(ctx context.Context) ([]byte, error) {
		inside = ctx
		p.conns[0].before = beside(withTags(), tagged("late", "v"))
		return tagged("late", "v")(ctx)
	}, "v")
	wantHas("after the fill", b)
	if stored, _ := fragment.Kept(inside); stored {
		wantHas("after a fill that was stored", a)
	}
	wantDo(t, p.caches[0], a, withTags(), tagged("late", "v"), "v")
	wantHas("next time", a, b)
}

// A fill whose key could not be given a stamp is not stored, also when all is
// well again by the time it ends.
func TestFillOfAKeyWithoutAStamp(t *testing.T) {
	p, k := newSteppers(t, 1, fragment.Options{}), fragment.KeyOf("k")
	c, conn := p.caches[0], p.conns[0]
	conn.before = first(stampsKeys, conn.Cut)
	var inside context.Context
	wantDo(t, c, k, withTags(), func(ctx context.Context) ([]byte, error) {
		conn.Mend()
		inside = ctx
		return []byte("v"), nil
	}, "v")
	if stored, why := fragment.Kept(inside); stored || why != "backend" {
		t.Errorf("Kept = %t, %q, want false, backend", stored, why)
	}
	if _, ok := p.server.Raw("k"); ok {
		t.Error("an entry was written")
	}
	wantDo(t, c, k, withTags(), give("w"), "w")
	wantGet(t, c, k, "w")
}
