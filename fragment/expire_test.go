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
