package fragment_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
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

// A page of many parts waits once for a Backend that hangs, whoever of it is the
// first to find out; and once more, when some time has passed.
func TestHangCostsAPageOneBudget(t *testing.T) {
	for what, o := range map[string]fragment.Options{"breaker": {}, "no breaker": {MaxFaults: -1}} {
		synctest.Test(t, func(t *testing.T) {
			p, ctx := newProcesses(t, 1, o), t.Context()
			c, page := p.caches[0], fragment.KeyOf("page")
			wantDo(t, c, page, fragment.Policy{TTL: time.Second}, eight(t, c), "page")
			time.Sleep(2 * time.Second)
			p.server.Hang()
			spends(t, readBudget, what+": a page", func() { wantDo(t, c, page, withTags(), eight(t, c), "page") })
			p.server.Up()
			time.Sleep(3 * time.Second)
			wantDo(t, c, page, fragment.Policy{TTL: -1}, eight(t, c), "page")
			spends(t, readBudget, what+": a page whose parts hang", func() {
				wantDo(t, c, fragment.KeyOf("other"), withTags(), func(ctx context.Context) ([]byte, error) {
					p.server.Hang()
					return eight(t, c)(ctx)
				}, "page")
			})
			p.server.Up()
			time.Sleep(3 * time.Second)
			p.server.Hang()
			request := fragment.Request(ctx)
			spends(t, readBudget, what+": parts of one request", func() { eight(t, c)(request) })
			spends(t, 0, what+": more of them", func() { eight(t, c)(request) })
			time.Sleep(2 * time.Second)
			p.server.Up()
			time.Sleep(3 * time.Second)
			eight(t, c)(request)
			if got, ok, err := c.Get(request, fragment.KeyOf("part", 1)); string(got) != "p" || !ok || err != nil {
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
