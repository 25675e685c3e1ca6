package fragment_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A stamp that was evicted, and a server that was flushed, mean misses and never
// bring back what was invalidated.
func TestLostStampsAreMisses(t *testing.T) {
	for what, lose := range map[string]func(p *processes){
		"all stamps": func(p *processes) { p.server.Evict(isStamp) },
		"flush":      func(p *processes) { p.server.Flush() },
	} {
		p, ctx := newProcesses(t, 2, fragment.Options{}), t.Context()
		c, k := p.caches[0], fragment.KeyOf("k")
		wantDo(t, c, k, withTags("t"), give("old"), "old")
		raws := make(map[string][]byte)
		for _, key := range p.server.Keys() {
			raws[key], _ = p.server.Raw(key)
		}
		lose(p)
		wantGet(t, c, k, "-")
		wantDo(t, c, k, withTags("t"), give("new"), "new")
		wantGet(t, p.caches[1], k, "new")
		must(t, c.InvalidateTags(ctx, "t"))
		for key, raw := range raws {
			if !isStamp(key) {
				p.server.Put(key, raw) // what a slow writer might still bring
			}
		}
		wantGet(t, c, k, "-")
		if s := c.Stats(); s.Faults != 0 {
			t.Errorf("%s: %d faults", what, s.Faults)
		}
	}
}

// A waiter who came after an invalidation in another process does not get what
// was begun before it.
func TestWaiterAfterAnInvalidationElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
		for _, policy := range []fragment.Policy{withTags("t"), withTags()} {
			fill := func(value string) fill {
				return func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					fragment.AddTags(ctx, "t")
					return []byte(value), nil
				}
			}
			var wg sync.WaitGroup
			wg.Go(func() { wantDo(t, p.caches[0], k, policy, fill("old"), "old") })
			synctest.Wait()
			must(t, p.caches[1].InvalidateTags(t.Context(), "t"))
			wantDo(t, p.caches[0], k, policy, fill("new"), "new")
			wg.Wait()
			must(t, p.caches[0].Clear(t.Context()))
		}
	})
}
