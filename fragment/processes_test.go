package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// A hit takes one trip, once the tags of its entry were seen; a fill whose tags
// are known before takes two.
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
	trips("an entry without tags", fragmenttest.Trips{GetMany: 2, Set: 1}, func() { wantDo(t, c, fragment.KeyOf("plain"), withTags(), give("v"), "v") })
	var keys []fragment.Key
	for i := range 50 {
		keys = append(keys, fragment.KeyOf("k", i))
		wantDo(t, c, keys[i], withTags("one"), tags, "v")
	}
	trips("many", fragmenttest.Trips{GetMany: 1}, func() { c.GetMany(t.Context(), keys) })
}

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

// Of many callers in many processes one fills.
func TestProcessesFillOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 5, fragment.Options{}), fragment.KeyOf("k")
		var runs atomic.Int64
		start := time.Now()
		together(50, func(i int) { wantDo(t, p.caches[i%5], k, withTags(), counted(&runs, takes(time.Second, "v")), "v") })
		if runs.Load() != 1 || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("%d fills, after %v", runs.Load(), time.Since(start))
		}
		if key := strings.TrimPrefix(p.server.Keys()[slices.IndexFunc(p.server.Keys(), func(k string) bool { return !isStamp(k) })], ""); key != "" {
			if owner, ok := p.server.Owner(key); ok {
				t.Errorf("the lease is left with %q", owner)
			}
		}
	})
}

// A lease is freed whatever becomes of its fill, and those in other processes who
// wait for one that comes to nothing do not wait in line.
func TestLeaseIsFreed(t *testing.T) {
	for how, first := range map[string]fill{
		"failure": func(ctx context.Context) ([]byte, error) { time.Sleep(time.Second); return nil, errFill },
		"panic":   func(ctx context.Context) ([]byte, error) { time.Sleep(time.Second); panic("oh no") },
		"private": func(ctx context.Context) ([]byte, error) {
			time.Sleep(time.Second)
			fragment.DoNotStore(ctx, "private")
			time.Sleep(time.Second)
			return nil, nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, k := newProcesses(t, 4, fragment.Options{}), fragment.KeyOf("k")
			var wg sync.WaitGroup
			wg.Go(func() { panicOf(func() { p.caches[0].Do(t.Context(), k, withTags(), first) }) })
			synctest.Wait()
			start := time.Now()
			together(3, func(i int) { wantDo(t, p.caches[i+1], k, withTags(), takes(time.Second, "v"), "v") })
			if d := time.Since(start); d > 2300*time.Millisecond {
				t.Errorf("%s: the others took %v", how, d)
			}
			wg.Wait()
			synctest.Wait()
			if _, ok := p.server.Owner("k"); ok {
				t.Errorf("%s: the lease is left", how)
			}
		})
	}
}

// A process that dies leaves a lease that ends by itself, and nobody waits longer
// than Options.Wait.
func TestLeaseOfADeadProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{Wait: 3 * time.Second}), fragment.KeyOf("k")
		for left, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: 3 * time.Second} {
			if ok, err := p.server.Connect().Lock(t.Context(), "k", "the dead", left); !ok || err != nil {
				t.Fatal(ok, err)
			}
			start := time.Now()
			wantDo(t, p.caches[0], k, withTags(), give("v"), "v")
			if d := time.Since(start); d < want || d > want+200*time.Millisecond {
				t.Errorf("a lease of %v: waited %v, want %v", left, d, want)
			}
			must(t, p.caches[0].Delete(t.Context(), k))
		}
	})
}

// Who has something stale serves it while another process refills.
func TestStaleWhileAnotherProcessRefills(t *testing.T) {
	for _, policy := range []fragment.Policy{staleMinute, detached} {
		synctest.Test(t, func(t *testing.T) {
			p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
			old(t, p.caches[0], k, policy)
			var runs atomic.Int64
			var wg sync.WaitGroup
			wg.Go(func() {
				p.caches[0].Do(t.Context(), k, policy, counted(&runs, takes(time.Second, "new")))
			})
			synctest.Wait()
			start := time.Now()
			wantDo(t, p.caches[1], k, policy, counted(&runs, give("not run")), "old")
			if d := time.Since(start); d != 0 {
				t.Errorf("waited %v", d)
			}
			wg.Wait()
			time.Sleep(time.Second)
			synctest.Wait()
			if runs.Load() != 1 {
				t.Errorf("%d fills, want 1", runs.Load())
			}
		})
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

var errUnreachable = fragmenttest.ErrUnreachable

// A Backend that is down is left alone after some faults, costs nothing then, and
// is used again when it answers.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newProcesses(t, 1, fragment.Options{}), t.Context(), fragment.KeyOf("k")
		c := p.caches[0]
		wantDo(t, c, k, withTags(), give("v"), "v")
		p.server.Hang()
		start := time.Now()
		for i := range 20 {
			wantDo(t, c, k, withTags(), give("w"), "w")
			if d := time.Since(start); i < 5 && d != time.Duration(i+1)*readBudget || i >= 5 && d != 5*readBudget {
				t.Errorf("after %d calls %v were spent", i+1, d)
			}
		}
		wantErr(t, "Set", c.Set(ctx, k, nil, withTags()), fragment.ErrDown)
		wantErr(t, "Delete", c.Delete(ctx, k), fragment.ErrDown)
		wantErr(t, "InvalidateTags", c.InvalidateTags(ctx, "t"), fragment.ErrDown)
		wantErr(t, "Clear", c.Clear(ctx), fragment.ErrDown)
		p.server.ResetTrips()
		time.Sleep(time.Minute)
		if s := c.Stats(); s.Faults != 5 {
			t.Errorf("%d faults were counted, want 5", s.Faults)
		}
		p.server.Up()
		time.Sleep(5 * time.Second)
		wantGet(t, c, k, "-")
		wantDo(t, c, k, withTags(), give("x"), "x")
		wantGet(t, c, k, "x")
		var told []string
		for _, e := range p.seen.Events(fragment.EventBreaker) {
			told = append(told, e.Reason)
		}
		if got := strings.Join(told, ", "); got != "open, half open, closed" {
			t.Errorf("the breaker was told to be %s", got)
		}
	})
}

// What was invalidated while the Backend was down does not come back when it is
// up again: not in the process that was told, and not in others that have heard
// that it was down.
func TestNothingInvalidatedComesBack(t *testing.T) {
	for way, invalidate := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
		"tag":    func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.InvalidateTags(ctx, "t") },
		"Clear":  func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.Clear(ctx) },
		"Delete": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
		"Set": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error {
			return c.Set(ctx, k, []byte("new"), withTags())
		},
	} {
		for _, known := range []bool{true, false} { // that it is down, before
			synctest.Test(t, func(t *testing.T) {
				p, ctx, k := newProcesses(t, 2, fragment.Options{}), t.Context(), fragment.KeyOf("k")
				here, there := p.caches[0], p.caches[1]
				wantDo(t, here, k, withTags("t"), give("old"), "old")
				p.server.Down()
				for range 6 {
					if known {
						here.Get(ctx, k)
					}
					there.Get(ctx, k)
				}
				if err := invalidate(ctx, here, k); !errors.Is(err, errUnreachable) && !errors.Is(err, fragment.ErrDown) {
					t.Errorf("%s: error %v, want the fault", way, err)
				}
				time.Sleep(10 * time.Second)
				p.server.Up()
				for range 100 {
					for i, c := range p.caches {
						if got, ok, _ := c.Get(ctx, k); ok {
							t.Errorf("%s, known %t: process %d serves %q", way, known, i, got)
						}
					}
					time.Sleep(50 * time.Millisecond)
				}
				wantDo(t, here, k, withTags("t"), give("new"), "new")
				wantGet(t, there, k, "new")
			})
		}
	}
}

// A single fault, with no breaker in play, is made up for as well.
func TestFailedInvalidationIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newProcesses(t, 2, fragment.Options{MaxFaults: -1}), t.Context(), fragment.KeyOf("k")
		here, there := p.caches[0], p.caches[1]
		wantDo(t, here, k, withTags("t"), give("old"), "old")
		p.conns[0].Cut()
		wantErr(t, "InvalidateTags", here.InvalidateTags(ctx, "t"), errUnreachable)
		wantGet(t, there, k, "old") // which nobody could tell
		p.conns[0].Mend()
		wantGet(t, here, k, "-")
		wantDo(t, here, k, withTags("t"), give("not stored"), "not stored")
		wantGet(t, here, k, "-")
		time.Sleep(2 * time.Second)
		wantGet(t, there, k, "-")
		wantDo(t, here, k, withTags("t"), give("new"), "new")
		wantGet(t, there, k, "new")
	})
}

// However many keys could not be deleted, what is owed stays bounded.
func TestDebtsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx := newProcesses(t, 1, fragment.Options{}), t.Context()
		c := p.caches[0]
		other := fragment.KeyOf("other")
		wantDo(t, c, other, withTags(), give("v"), "v")
		p.server.Down()
		for i := range 11_000 {
			c.Delete(ctx, fragment.KeyOf("k", i))
		}
		p.server.Up()
		time.Sleep(5 * time.Second)
		wantGet(t, c, other, "-") // all was cleared instead
		wantDo(t, c, other, withTags(), give("w"), "w")
		wantGet(t, c, other, "w")
	})
}

// A wrapper may have the methods of what it wraps, or not.
type unable struct{ fragment.Backend }

func (unable) Lock(context.Context, string, string, time.Duration) (bool, error) {
	return false, errors.ErrUnsupported
}

func (unable) Unlock(context.Context, string, string) error { return errors.ErrUnsupported }

func (unable) Add(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, errors.ErrUnsupported
}

func TestAWrapperThatCanNeitherLockNorAdd(t *testing.T) {
	c := open(t, unable{newMemory()}, fragment.Options{})
	wantDo(t, c, body, withTags("t"), tagged("inner", "v"), "v")
	must(t, c.InvalidateTags(t.Context(), "t"))
	wantDo(t, c, body, withTags("t"), tagged("inner", "new"), "new")
	if n := c.Stats().Faults; n != 0 {
		t.Errorf("%d faults, want none", n)
	}
}
