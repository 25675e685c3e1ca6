package fragment_test

import (
	"testing"

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
