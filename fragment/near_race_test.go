package fragment_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// amid is a connection that runs then after a read or before a write has come
// back.
type amid struct {
	*fragmenttest.Conn
	read, one, written func()
}

func once(f *func()) {
	if then := *f; then != nil {
		*f = nil
		then()
	}
}

func (a *amid) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found, err := a.Conn.GetMany(ctx, keys)
	once(&a.read)
	return found, err
}

func (a *amid) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, ok, err := a.Conn.Get(ctx, key)
	if key == "k" {
		once(&a.one)
	}
	return value, ok, err
}

func (a *amid) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	err := a.Conn.Set(ctx, key, value, ttl)
	if key == "k" {
		once(&a.written)
	}
	return err
}

// What changes between a read, or a write, and the making of the copy is not kept
// near.
func TestChangeBeforeTheCopyIsMade(t *testing.T) {
	k, ctx := fragment.KeyOf("k"), t.Context()
	for what, change := range map[string]func(p *processes, own, other *fragment.Cache){
		"deleted by another":     func(_ *processes, _, other *fragment.Cache) { must(t, other.Delete(ctx, k)) },
		"set by another":         func(_ *processes, _, other *fragment.Cache) { must(t, other.Set(ctx, k, []byte("new"), withTags())) },
		"invalidated by another": func(_ *processes, _, other *fragment.Cache) { must(t, other.InvalidateTags(ctx, "t")) },
		"cleared by another":     func(_ *processes, _, other *fragment.Cache) { must(t, other.Clear(ctx)) },
		"flushed":                func(p *processes, _, _ *fragment.Cache) { p.server.Flush() },
		"invalidated":            func(_ *processes, own, _ *fragment.Cache) { must(t, own.InvalidateTags(ctx, "t")) },
		"cleared":                func(_ *processes, own, _ *fragment.Cache) { must(t, own.Clear(ctx)) },
		"deleted":                func(_ *processes, own, _ *fragment.Cache) { must(t, own.Delete(ctx, k)) },
		"set":                    func(_ *processes, own, _ *fragment.Cache) { must(t, own.Set(ctx, k, []byte("new"), withTags())) },
	} {
		for _, when := range []string{"read", "written"} {
			p := newProcesses(t, 1, fragment.Options{})
			b := &amid{Conn: p.server.Connect()}
			c := open(t, b, fragment.Options{Near: fragmenttest.NewMemory()})
			then := func() { change(p, c, p.caches[0]) }
			if when == "read" {
				wantDo(t, p.caches[0], k, withTags("t"), give("old"), "old")
				b.read = then
				_, _, err := c.Get(ctx, k) // which may be shown what was there when it asked
				must(t, err)
			} else if what != "deleted" && what != "set" { // those wait for their turn
				b.written = then
				wantDo(t, c, k, withTags("t"), give("old"), "old")
			}
			if value, _, err := c.Get(ctx, k); string(value) == "old" || err != nil {
				t.Errorf("%s after it was %s: shown %q, %v", what, when, value, err)
			}
		}
	}
}
