package fragment_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A Delete that fails while an earlier one of the same key is made up for is owed
// as well:
//
//	the key is deleted in the background;
//	another process stores what was true then;
//	Delete fails;
//	what was owed before is taken for paid.
func TestDeleteThatFailsWhileOneIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newSteppers(t, 2, fragment.Options{MaxFaults: -1}), t.Context(), fragment.KeyOf("k")
		here, there := p.caches[0], p.caches[1]
		p.conns[0].after = nth(2, removesEntries, func() {
			wantDo(t, there, k, withTags(), give("old"), "old")
			p.conns[0].Cut()
			wantErr(t, "Delete", here.Delete(ctx, k), errUnreachable)
			p.conns[0].Mend()
		})
		p.conns[0].Cut()
		wantErr(t, "Delete", here.Delete(ctx, k), errUnreachable)
		p.conns[0].Mend()
		time.Sleep(150 * time.Millisecond)
		wantGet(t, there, k, "old") // whom nobody could tell
		wantGet(t, here, k, "-")
		time.Sleep(2 * time.Second)
		wantGet(t, there, k, "-")
	})
}

// A Delete, or a Set, that does not get its turn in time is owed as well: here
// because of fills whose writes hang.
func TestChangeThatDoesNotGetItsTurnIsOwed(t *testing.T) {
	a, b := fragment.KeyOf("a"), fragment.KeyOf("b")
	for what, change := range map[string]func(ctx context.Context, c *fragment.Cache) error{
		"Delete": func(ctx context.Context, c *fragment.Cache) error { return c.Delete(ctx, a, b) },
		"SetMany": func(ctx context.Context, c *fragment.Cache) error {
			return c.SetMany(ctx, map[fragment.Key][]byte{a: []byte("new"), b: []byte("new")}, withTags())
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var faults fragmenttest.Faults
			server, ctx := fragmenttest.NewServer(), t.Context()
			here := open(t, faults.Wrap(server.Connect()), fragment.Options{MaxFaults: -1})
			there := open(t, server.Connect(), fragment.Options{})
			for _, k := range []fragment.Key{a, b} {
				wantDo(t, here, k, withTags(), give("old"), "old")
			}
			faults.Inject(fragmenttest.Fault{Does: fragmenttest.Delay, For: time.Hour, On: fragmenttest.Writes})
			refill := func(k fragment.Key) {
				wantDo(t, here, k, fragment.Policy{TTL: time.Hour, Refresh: true}, give("other"), "other")
			}
			var wg sync.WaitGroup
			wg.Go(func() { refill(a) })
			time.Sleep(100 * time.Millisecond)
			wg.Go(func() { time.Sleep(800 * time.Millisecond); refill(b) })
			wantErr(t, what, change(ctx, here), context.DeadlineExceeded)
			wg.Go(func() { wantDo(t, here, b, withTags(), give("new"), "new") }) // and not what a fill from before becomes
			wg.Wait()
			faults.Stop()
			wantGet(t, here, a, "-")
			wantGet(t, here, b, "-")
			time.Sleep(5 * time.Second)
			wantGet(t, there, a, "-")
			wantGet(t, there, b, "-")
		})
	}
}

// A change that succeeds pays what an earlier one of the same key owes: what is
// stored by it, or after it, is served at once and stays.
func TestChangeThatSucceedsPaysForTheLast(t *testing.T) {
	for what, change := range map[string]func(t *testing.T, c *fragment.Cache, k fragment.Key){
		"Set": func(t *testing.T, c *fragment.Cache, k fragment.Key) {
			must(t, c.Set(t.Context(), k, []byte("new"), withTags()))
		},
		"Delete": func(t *testing.T, c *fragment.Cache, k fragment.Key) {
			must(t, c.Delete(t.Context(), k))
			wantDo(t, c, k, withTags(), give("new"), "new")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, k := newProcesses(t, 2, fragment.Options{MaxFaults: -1}), fragment.KeyOf("k")
			p.conns[0].Cut()
			wantErr(t, "Delete", p.caches[0].Delete(t.Context(), k), errUnreachable)
			p.conns[0].Mend()
			change(t, p.caches[0], k)
			for range 2 {
				t.Log(what)
				wantGet(t, p.caches[0], k, "new")
				wantGet(t, p.caches[1], k, "new")
				time.Sleep(5 * time.Second)
			}
		})
	}
}
