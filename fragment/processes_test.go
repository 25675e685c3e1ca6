package fragment_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// processes are caches on one server, as several processes would have them.
type processes struct {
	*testing.T
	server *fragmenttest.Server
	conns  []*fragmenttest.Conn
	caches []*fragment.Cache
	seen   fragmenttest.Recorder
}

func newProcesses(t *testing.T, n int, o fragment.Options) *processes {
	p := &processes{T: t, server: fragmenttest.NewServer()}
	for range n {
		conn := p.server.Connect()
		o.Observe = p.seen.Observe
		p.conns, p.caches = append(p.conns, conn), append(p.caches, open(t, conn, o))
	}
	return p
}

func withTags(tags ...string) fragment.Policy {
	return fragment.Policy{TTL: time.Hour, Tags: tags}
}

// What one process stores the others serve, until one of them invalidates it in
// whatever way; and what a fill computed from before that is not brought back.
func TestProcessesShareEntriesAndInvalidations(t *testing.T) {
	for way, invalidate := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
		"tag of the policy": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
			return c.InvalidateTags(ctx, "policy")
		},
		"tag of the cache": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
			return c.InvalidateTags(ctx, "cache")
		},
		"tag from inside": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
			return c.InvalidateTags(ctx, "inside")
		},
		"several, one of it": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error {
			return c.InvalidateTags(ctx, "x", "inside", "y")
		},
		"Clear":  func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.Clear(ctx) },
		"Delete": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
	} {
		p := newProcesses(t, 2, fragment.Options{Prefix: "shop", Policy: fragment.Policy{Tags: []string{"cache"}}})
		here, there, ctx := p.caches[0], p.caches[1], t.Context()
		late := func(value string, between func(ctx context.Context)) fill {
			return func(ctx context.Context) ([]byte, error) {
				between(ctx)
				fragment.AddTags(ctx, "inside")
				return []byte(value), nil
			}
		}
		nothing := func(context.Context) {}
		k := fragment.KeyOf("k", way)
		wantDo(t, here, k, withTags("policy"), late("one", nothing), "one")
		wantDo(t, there, k, withTags("policy"), late("not run", nothing), "one")
		wantGet(t, there, k, "one")
		must(t, invalidate(ctx, there, k))
		wantGet(t, here, k, "-")
		wantGet(t, there, k, "-")
		for i, c := range []*fragment.Cache{here, there} {
			// The first time no process has seen what tags the key has.
			other, k := p.caches[1-i], fragment.KeyOf("late", way, i)
			for range 2 {
				wantDo(t, c, k, withTags("policy"), late("old", func(ctx context.Context) { must(t, invalidate(ctx, other, k)) }), "old")
				wantGet(t, here, k, "-")
				wantGet(t, there, k, "-")
			}
			wantDo(t, c, k, withTags("policy"), late("new", nothing), "new")
			wantGet(t, other, k, "new")
		}
	}
}

// A Set, too, is not undone by a fill of another process that began before it.
func TestSetIsNotUndoneByAnotherProcess(t *testing.T) {
	p, ctx, k := newProcesses(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("k")
	wantDo(t, p.caches[0], k, withTags(), func(context.Context) ([]byte, error) {
		must(t, p.caches[1].Set(ctx, k, []byte("set"), withTags()))
		return []byte("old"), nil
	}, "old")
	for _, c := range p.caches {
		if got, ok, _ := c.Get(ctx, k); ok && string(got) != "set" {
			t.Errorf("got %q, which is older than what was set", got)
		}
	}
	must(t, p.caches[1].Set(ctx, k, []byte("again"), withTags()))
	wantGet(t, p.caches[0], k, "again")
}

// Two prefixes are two caches.
func TestPrefixesAreApart(t *testing.T) {
	server, ctx := fragmenttest.NewServer(), t.Context()
	a := open(t, server.Connect(), fragment.Options{Prefix: "a"})
	b := open(t, server.Connect(), fragment.Options{Prefix: "b"})
	plain := open(t, server.Connect(), fragment.Options{})
	for _, c := range []*fragment.Cache{a, b, plain} {
		wantDo(t, c, body, withTags("t"), give("v"), "v")
	}
	must(t, a.Clear(ctx))
	must(t, a.InvalidateTags(ctx, "t"))
	wantGet(t, a, body, "-")
	wantGet(t, b, body, "v")
	wantGet(t, plain, body, "v")
}

// A hit takes one trip, once the tags of its entry were seen. A fill whose tags
// are known before takes four, of a new key or not.
func TestTripsOfAHit(t *testing.T) {
	p := newProcesses(t, 2, fragment.Options{})
	c, other := p.caches[0], p.caches[1]
	trips := func(what string, want fragmenttest.Trips, f func()) {
		t.Helper()
		p.server.ResetTrips()
		f()
		got := p.server.Trips()
		got.Lock, got.Unlock = 0, 0
		if got != want {
			t.Errorf("%s took %v, want %v", what, got, want)
		}
	}
	k := fragment.KeyOf("k")
	tags := func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, "one", "two", "three")
		return []byte("v"), nil
	}
	wantDo(t, c, k, withTags("one"), tags, "v")
	trips("a hit", fragmenttest.Trips{GetMany: 1}, func() { wantDo(t, c, k, withTags("one"), tags, "v") })
	trips("the first hit elsewhere", fragmenttest.Trips{GetMany: 2}, func() { wantDo(t, other, k, withTags("one"), tags, "v") })
	trips("the next", fragmenttest.Trips{GetMany: 1}, func() { wantGet(t, other, k, "v") })
	plain := fragment.KeyOf("plain")
	trips("a fill of a new key", fragmenttest.Trips{GetMany: 2, Set: 2}, func() { wantDo(t, c, plain, withTags(), give("v"), "v") })
	must(t, c.Expire(t.Context(), plain))
	trips("a refill", fragmenttest.Trips{GetMany: 2, Set: 1, Touch: 1}, func() { wantDo(t, c, plain, withTags(), give("w"), "w") })
	var keys []fragment.Key
	for i := range 50 {
		keys = append(keys, fragment.KeyOf("k", i))
		wantDo(t, c, keys[i], withTags("one"), tags, "v")
	}
	trips("many", fragmenttest.Trips{GetMany: 1}, func() { c.GetMany(t.Context(), keys) })
}

// One invalidation for all caches of a registry is one step in all processes: a
// fill that read a part from before it does not pass it off as new.
func TestRegistryInvalidatesAsOneStepEverywhere(t *testing.T) {
	server, ctx := fragmenttest.NewServer(), t.Context()
	type process struct {
		fragment.Registry
		parts, wholes, local *fragment.Cache
	}
	newProcess := func() *process {
		p := new(process)
		p.parts = open(t, server.Connect(), fragment.Options{Prefix: "parts"})
		p.wholes = open(t, server.Connect(), fragment.Options{Prefix: "wholes"})
		p.local = fresh(t, fragment.Options{})
		for name, c := range map[string]*fragment.Cache{"parts": p.parts, "wholes": p.wholes, "local": p.local} {
			must(t, p.Use(name, c))
		}
		return p
	}
	here, there := newProcess(), newProcess()
	var version atomic.Int64
	part := func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, "row")
		return fmt.Append(nil, version.Load()), nil
	}
	var wg sync.WaitGroup
	end := make(chan struct{})
	for _, p := range []*process{here, there} {
		for _, c := range []*fragment.Cache{p.wholes, p.local} {
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-end:
						return
					default:
					}
					floor := version.Load()
					if p != here && c == p.local {
						floor = 0 // nobody tells the memory of another process
					}
					value, _ := c.Do(ctx, fragment.KeyOf("whole"), withTags(), func(ctx context.Context) ([]byte, error) {
						return p.parts.Do(ctx, fragment.KeyOf("part"), withTags(), part)
					})
					var got int64
					fmt.Sscan(string(value), &got)
					if got < floor-1 { // the change of floor itself may not be announced yet
						t.Errorf("got version %d after %d was announced", got, floor-1)
						return
					}
				}
			})
		}
	}
	for range 2000 {
		version.Add(1)
		must(t, here.InvalidateTags(ctx, "other", "row"))
	}
	close(end)
	wg.Wait()
}
