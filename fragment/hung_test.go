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

// eight fills a page of so many parts, each asked for in its turn.
func eight(t *testing.T, c *fragment.Cache) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		for i := range 8 {
			if got, err := c.Do(ctx, fragment.KeyOf("part", i), withTags("part"), give("p")); string(got) != "p" || err != nil {
				t.Errorf("part %d: got %q, error %v", i, got, err)
			}
		}
		return []byte("page"), nil
	}
}

// spends tests how long f takes.
func spends(t *testing.T, want time.Duration, doing string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d != want {
		t.Errorf("%s took %v, want %v", doing, d, want)
	}
}

// both are caches with a breaker and without one.
var both = map[string]fragment.Options{"breaker": {}, "no breaker": {MaxFaults: -1}}

// A page of many parts waits once for a Backend that hangs, whether the page itself
// or a part of it is the first to find out.
func TestHangCostsAPageOneBudget(t *testing.T) {
	for what, o := range both {
		synctest.Test(t, func(t *testing.T) {
			p := newProcesses(t, 1, o)
			c := p.caches[0]
			wantDo(t, c, fragment.KeyOf("before"), withTags(), eight(t, c), "page") // there are stamps
			p.server.Hang()
			spends(t, readBudget, what+": a page", func() { wantDo(t, c, fragment.KeyOf("page"), withTags(), eight(t, c), "page") })
			p.server.Up()
			time.Sleep(3 * time.Second)
			spends(t, readBudget, what+": a page whose parts hang", func() {
				wantDo(t, c, fragment.KeyOf("other"), withTags(), func(ctx context.Context) ([]byte, error) {
					p.server.Hang()
					return eight(t, c)(ctx)
				}, "page")
			})
		})
	}
}

// So do the parts of one request, with nothing around them; and when some time has
// passed, it asks again.
func TestHangCostsARequestOneBudget(t *testing.T) {
	for what, o := range both {
		synctest.Test(t, func(t *testing.T) {
			p := newProcesses(t, 1, o)
			c, ctx := p.caches[0], fragment.Request(t.Context())
			eight(t, c)(ctx)
			p.server.Hang()
			spends(t, readBudget, what+": eight parts", func() { eight(t, c)(ctx) })
			spends(t, 0, what+": eight more", func() { eight(t, c)(fragment.Request(ctx)) })
			p.server.Up()
			time.Sleep(3 * time.Second)
			if got, ok, err := c.Get(ctx, fragment.KeyOf("part", 1)); string(got) != "p" || !ok || err != nil {
				t.Errorf("%s: after a while the request got %q, %v, error %v", what, got, ok, err)
			}
		})
	}
}

// Nor do many keys that are asked for at once wait in their turn.
func TestHangCostsDoEachOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx := newProcesses(t, 1, fragment.Options{MaxFaults: -1}), t.Context()
		p.server.Hang()
		keys := []fragment.Key{fragment.KeyOf("a"), fragment.KeyOf("b"), fragment.KeyOf("c")}
		spends(t, readBudget, "DoEach", func() {
			answers, err := p.caches[0].DoEach(ctx, keys, withTags(), func(context.Context, int) ([]byte, error) { return []byte("v"), nil })
			for _, a := range answers {
				if string(a.Value) != "v" || a.Err != nil || err != nil {
					t.Errorf("got %q, error %v, %v", a.Value, a.Err, err)
				}
			}
		})
	})
}

// A Backend that stands still for a moment under load is not taken for down: all
// that was under way has found out the same.
func TestHiccupOpensNoBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		c := p.caches[0]
		must(t, c.Set(t.Context(), k, []byte("v"), withTags()))
		p.server.Hang()
		var all sync.WaitGroup
		for range 50 { // that began at different times
			all.Go(func() { c.Get(t.Context(), k) })
			time.Sleep(readBudget / 40)
		}
		p.server.Up()
		all.Wait()
		wantGet(t, c, k, "v")
		wantBreaker(t, &p.seen)
		if s := c.Stats(); s.Faults < 5 {
			t.Errorf("%d faults were counted, want many", s.Faults)
		}
	})
}

// Under load a Backend that hangs is found out within three budgets.
func TestHangUnderLoadOpensTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		c := p.caches[0]
		p.server.Hang()
		var all sync.WaitGroup
		for range 330 {
			all.Go(func() { c.Get(t.Context(), k) })
			time.Sleep(time.Millisecond)
		}
		wantBreaker(t, &p.seen, "open")
		spends(t, 0, "to wait for those under way", all.Wait)
	})
}

// What a Backend still writes in time does not hide that it is too slow to be read.
func TestSlowWritesDoNotKeepTheBreakerFromOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen fragmenttest.Recorder
		var faults fragmenttest.Faults
		c, k := open(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{Observe: seen.Observe}), fragment.KeyOf("k")
		must(t, c.Set(t.Context(), k, []byte("v"), withTags()))
		faults.Inject(fragmenttest.Fault{Does: fragmenttest.Delay, For: 2 * readBudget})
		for range 3 {
			wantBreaker(t, &seen)
			if _, ok, err := c.Get(t.Context(), k); ok || err != nil {
				t.Errorf("got %v, error %v, want a miss", ok, err)
			}
			c.Delete(t.Context(), k)
		}
		wantBreaker(t, &seen, "open")
		faults.Stop()
	})
}

// What is fetched ahead is of the same request as what is asked for then.
func TestHangCostsWhatIsFetchedAheadOneBudget(t *testing.T) {
	for what, o := range both {
		synctest.Test(t, func(t *testing.T) {
			p, ahead := newProcesses(t, 1, o), new(fragment.Ahead)
			turn := func() {
				ctx, done := ahead.Fetch(t.Context())
				defer done()
				eight(t, p.caches[0])(ctx)
			}
			turn()
			p.server.Hang()
			spends(t, readBudget, what+": a turn", turn)
		})
	}
}
