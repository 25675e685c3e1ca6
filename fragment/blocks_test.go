package fragment_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// whatIsBlocked are invalidations of what carries the tag t, and what names it
// too late for the stamp of it to be seen before the fill.
var whatIsBlocked = map[string]struct {
	invalidate func(ctx context.Context, c *fragment.Cache) error
	policy     fragment.Policy
	inside     []string
}{
	"Clear":             {func(ctx context.Context, c *fragment.Cache) error { return c.Clear(ctx) }, withTags(), nil},
	"tag of the policy": {invalidateT, withTags("t"), nil},
	"tag from inside":   {invalidateT, withTags(), []string{"t"}},
}

func invalidateT(ctx context.Context, c *fragment.Cache) error { return c.InvalidateTags(ctx, "t") }

// learning is a fill that learns of tags before it returns value.
func learning(value string, tags ...string) fill {
	return func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, tags...)
		return []byte(value), nil
	}
}

// While something is invalidated no fill of another process stores under it,
// neither before the epoch changes nor after that.
func TestNothingIsStoredUnderWhatIsBlocked(t *testing.T) {
	for what, is := range whatIsBlocked {
		for _, at := range []step{blocksSlots, changesEpoch} {
			p, ctx, k := newSteppers(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("k")
			here, there := p.caches[0], p.caches[1]
			stored := 0
			p.conns[0].after = first(at, func() {
				wantDo(t, there, k, is.policy, learning("meanwhile", is.inside...), "meanwhile")
				wantGet(t, there, k, "-")
				if _, ok := p.server.Raw("k"); ok {
					stored++
				}
			})
			must(t, is.invalidate(ctx, here))
			if stored != 0 {
				t.Errorf("%s: after %s: an entry was stored", what, at)
			}
			wantGet(t, there, k, "-")
		}
	}
}

// A fill that begins when the epoch has changed, and ends after the invalidation,
// has read nothing old: it stores, if only a tag was blocked.
func TestFillThatOutlastsABlockStores(t *testing.T) {
	for what, is := range whatIsBlocked {
		if what == "Clear" {
			continue // its stamp must be seen before
		}
		synctest.Test(t, func(t *testing.T) {
			p, k := newSteppers(t, 2, fragment.Options{}), fragment.KeyOf("k")
			p.conns[0].after = first(changesEpoch, func() {
				go wantDo(t, p.caches[1], k, is.policy, func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return learning("new", is.inside...)(ctx)
				}, "new")
				synctest.Wait()
			})
			must(t, is.invalidate(t.Context(), p.caches[0]))
			time.Sleep(2 * time.Second)
			wantGet(t, p.caches[0], k, "new")
		})
	}
}

// One that has to block its slots again all the time fails in the end, and is told
// again in the background; till then this process does not serve what is old.
func TestInvalidationThatIsUnblockedAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newSteppers(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("k")
		here, there := p.caches[0], p.caches[1]
		wantDo(t, here, k, withTags("t"), give("old"), "old")
		raws := make(map[string][]byte)
		for _, key := range p.server.Keys() {
			raws[key], _ = p.server.Raw(key)
		}
		var over atomic.Bool
		p.conns[0].after = func(what step) {
			if what != blocksSlots || over.Load() {
				return
			}
			for key, raw := range raws { // as a server does that falls back to a copy
				p.server.Put(key, raw)
			}
		}
		if err := here.InvalidateTags(ctx, "t"); err == nil {
			t.Error("InvalidateTags: no error, and the stamp of the tag is what it was")
		}
		wantGet(t, there, k, "old") // whom nobody could tell
		wantGet(t, here, k, "-")
		over.Store(true)
		time.Sleep(2 * time.Second)
		wantGet(t, there, k, "-")
		wantDo(t, here, k, withTags("t"), give("new"), "new")
		wantGet(t, there, k, "new")
	})
}

// What another process has blocked since is left to that one, which therefore
// need not begin anew.
func TestWhatAnotherProcessBlocksIsLeftToIt(t *testing.T) {
	p, ctx := newSteppers(t, 2, fragment.Options{}), t.Context()
	blocked, blocks := newGate(), 0
	p.conns[1].after = func(what step) {
		if what != blocksSlots {
			return
		}
		if blocks++; blocks == 1 {
			blocked.pass()
		}
	}
	var wg sync.WaitGroup
	p.conns[0].after = first(changesEpoch, func() {
		wg.Go(func() { must(t, p.caches[1].InvalidateTags(ctx, "t")) })
		blocked.await()
	})
	must(t, p.caches[0].InvalidateTags(ctx, "t"))
	blocked.let()
	wg.Wait()
	if blocks != 1 {
		t.Errorf("it was blocked %d times, want once", blocks)
	}
}

// Tags that nobody expected in an entry have to be looked at; who cannot do so
// does not serve it.
func TestTagsThatCannotBeLookedAt(t *testing.T) {
	p, k := newSteppers(t, 2, fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, p.caches[0], k, withTags(), tagged("t", "v"), "v")
	p.conns[1].before = first(readsStamps, p.conns[1].Cut)
	wantGet(t, p.caches[1], k, "-")
	if n := p.caches[1].Stats().Faults; n != 1 {
		t.Errorf("%d faults were counted, want 1", n)
	}
	p.conns[1].Mend()
	wantGet(t, p.caches[1], k, "v")
}
