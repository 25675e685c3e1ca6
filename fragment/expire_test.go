package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An Expire that could not be done says so, or is done later.
func TestExpireWhileTheBackendFails(t *testing.T) {
	for how, fault := range map[string]fragmenttest.Fault{
		"one read fails": {On: fragmenttest.Reads, Times: 1},
		"all fails":      {},
	} {
		synctest.Test(t, func(t *testing.T) {
			var faults fragmenttest.Faults
			c := open(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{})
			wantDo(t, c, body, fragment.Policy{TTL: time.Hour, Stale: time.Hour}, give("v"), "v")
			faults.Inject(fault)
			err := c.Expire(t.Context(), body)
			faults.Stop()
			time.Sleep(10 * time.Second)
			if _, ok, _ := c.Get(t.Context(), body); ok && err == nil {
				t.Errorf("%s: Expire returned nil, and the entry is fresh", how)
			}
		})
	}
}

// What another process computed before an Expire is not stored after it as fresh.
func TestExpireBesideAFillOfAnotherProcess(t *testing.T) {
	p := newProcesses(t, 2, fragment.Options{})
	policy := fragment.Policy{TTL: time.Hour, Stale: time.Hour}
	wantDo(t, p.caches[0], body, policy, give("v"), "v")
	refresh := policy
	refresh.Refresh = true
	wantDo(t, p.caches[0], body, refresh, func(ctx context.Context) ([]byte, error) {
		must(t, p.caches[1].Expire(ctx, body))
		return []byte("old"), nil
	}, "old")
	wantGet(t, p.caches[1], body, "-")
}

// What another process sets or deletes beside an Expire does not come back, where
// the Backend can swap and where it cannot.
func TestExpireBesideAChangeOfAnotherProcess(t *testing.T) {
	k, ctx := fragment.KeyOf("k"), t.Context()
	for what, change := range map[string]func(c *fragment.Cache) error{
		"Set":    func(c *fragment.Cache) error { return c.Set(ctx, k, []byte("new"), withTags()) },
		"Delete": func(c *fragment.Cache) error { return c.Delete(ctx, k) },
	} {
		for _, swaps := range []bool{true, false} {
			p := newProcesses(t, 1, fragment.Options{})
			b := &amid{Conn: p.server.Connect()}
			var whole fragment.Backend = b
			if !swaps {
				whole = plain{b}
			}
			c := open(t, whole, fragment.Options{})
			policy := fragment.Policy{TTL: time.Hour, Stale: time.Hour}
			must(t, p.caches[0].Set(ctx, k, []byte("old"), policy))
			then := func() { must(t, change(p.caches[0])) }
			b.read, b.one = then, then
			must(t, c.Expire(ctx, k))
			if got, err := c.Do(ctx, k, policy, fails); string(got) == "old" {
				t.Errorf("%s, swaps %v: shown %q, %v", what, swaps, got, err)
			}
		}
	}
}

// An entry that was expired is still what a refill that fails falls back to.
func TestExpiredIsAFallback(t *testing.T) {
	p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
	policy := fragment.Policy{TTL: time.Hour, Stale: time.Hour}
	wantDo(t, p.caches[0], k, policy, give("old"), "old")
	must(t, p.caches[1].Expire(t.Context(), k))
	wantGet(t, p.caches[0], k, "-")
	wantDo(t, p.caches[0], k, policy, fails, "old")
}
