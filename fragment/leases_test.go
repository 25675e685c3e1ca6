package fragment_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

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

// Nor do they if none of their answers is stored.
func TestThoseWhoWaitedFillSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k, start := newProcesses(t, 5, fragment.Options{}), fragment.KeyOf("k"), time.Now()
		together(5, func(i int) {
			_, err := p.caches[i].Do(t.Context(), k, withTags(), func(context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				return nil, errFill
			})
			wantErr(t, "Do", err, errFill)
		})
		if d := time.Since(start); d > 2300*time.Millisecond {
			t.Errorf("five fills that fail took %v, want one and then four at once", d)
		}
	})
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
