package fragment_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// invalidations are the ways by which another process frees k, whose tag is t.
var invalidations = map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
	"InvalidateTags": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.InvalidateTags(ctx, "t") },
	"Clear":          func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.Clear(ctx) },
	"Delete":         func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
}

// A waiter who came after an invalidation in another process does not get what
// was begun before it.
func TestWaiterAfterAnInvalidationElsewhere(t *testing.T) {
	for what, invalidate := range invalidations {
		for _, policy := range []fragment.Policy{withTags("t"), withTags()} {
			for _, inside := range [][]string{nil, {"t"}} {
				if what == "InvalidateTags" && len(policy.Tags)+len(inside) == 0 {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
					slow := func(value string) fill {
						return func(ctx context.Context) ([]byte, error) {
							time.Sleep(time.Second)
							return learning(value, inside...)(ctx)
						}
					}
					var wg sync.WaitGroup
					wg.Go(func() { wantDo(t, p.caches[0], k, policy, slow("old"), "old") })
					synctest.Wait()
					must(t, invalidate(t.Context(), p.caches[1], k))
					t.Logf("%s, policy %v, inside %v", what, policy.Tags, inside)
					wantDo(t, p.caches[0], k, policy, slow("new"), "new")
					wg.Wait()
				})
			}
		}
	}
}

// Who came when nothing was invalidated gets it, also where the fill has tags
// that nobody knew of when it began, and where what it came to is not stored.
func TestWaiterOfAFillThatLearnsItsTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{MaxValue: 4}), fragment.KeyOf("k")
		var runs atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				wantDo(t, p.caches[0], k, withTags(), counted(&runs, func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return tagged("late", "too large")(ctx)
				}), "too large")
			})
			synctest.Wait()
		}
		wg.Wait()
		if runs.Load() != 1 {
			t.Errorf("%d fills, want one", runs.Load())
		}
	})
}

// losses are what a server may lose before a fill, and again after an
// invalidation.
var losses = map[string]func(s *fragmenttest.Server){
	"nothing":   func(*fragmenttest.Server) {},
	"all":       func(s *fragmenttest.Server) { s.Flush() },
	"the epoch": func(s *fragmenttest.Server) { s.Evict(func(key string) bool { return key == "!epoch" }) },
	"of Clear":  func(s *fragmenttest.Server) { s.Evict(func(key string) bool { return key == "!clear" }) },
	"the key's": func(s *fragmenttest.Server) { s.Evict(func(key string) bool { return key == "!k|k" }) },
}

// A server that takes no writes, such as one that is full, holds no stamps in
// place of those that it has lost, by which what was begun before could be told
// from what was begun after.
func TestWaiterAfterAnInvalidationThatNoStampTells(t *testing.T) {
	for what, invalidate := range invalidations {
		for lost, lose := range losses {
			for _, policy := range []fragment.Policy{withTags("t"), withTags()} {
				if what == "InvalidateTags" && len(policy.Tags) == 0 {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					t.Logf("%s, policy %v, lost: %s", what, policy.Tags, lost)
					testWaiterWithoutStamps(t, policy, invalidate, lose)
				})
			}
		}
	}
}

func testWaiterWithoutStamps(t *testing.T, policy fragment.Policy, invalidate func(context.Context, *fragment.Cache, fragment.Key) error, lose func(*fragmenttest.Server)) {
	var full fragmenttest.Faults
	server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
	here := open(t, full.Wrap(server.Connect()), fragment.Options{MaxFaults: -1})
	there := open(t, server.Connect(), fragment.Options{})
	wantDo(t, there, k, fragment.Policy{TTL: time.Second, Tags: []string{"t"}}, give("expired"), "expired")
	time.Sleep(2 * time.Second)
	full.Inject(fragmenttest.Fault{On: fragmenttest.Writes})
	lose(server)
	var wg sync.WaitGroup
	wg.Go(func() { wantDo(t, here, k, policy, takes(time.Second, "old"), "old") })
	synctest.Wait()
	must(t, invalidate(t.Context(), there, k))
	lose(server)
	wantDo(t, here, k, policy, takes(time.Second, "new"), "new")
	wg.Wait()
}

// Nor does one who came after an invalidation that failed, in this process: be
// that while the fill runs, or between its store and its landing.
func TestWaiterAfterAnInvalidationThatFailed(t *testing.T) {
	for what, invalidate := range invalidations {
		for _, stored := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				t.Logf("%s, when the fill is stored: %t", what, stored)
				var c *fragment.Cache
				var faults fragmenttest.Faults
				var once sync.Once
				var wg sync.WaitGroup
				k, p := fragment.KeyOf("k"), withTags("t")
				again := func() {
					faults.Inject(fragmenttest.Fault{On: fragmenttest.Writes | fragmenttest.Deletes})
					wantErr(t, what, invalidate(t.Context(), c, k), fragmenttest.ErrInjected)
					faults.Stop()
					wg.Go(func() { wantDo(t, c, k, p, give("new"), "new") })
					synctest.Wait()
				}
				o := fragment.Options{MaxFaults: -1, Observe: func(_ context.Context, e fragment.Event) {
					if stored && e.Kind == fragment.EventStore {
						once.Do(again)
					}
				}}
				c = open(t, faults.Wrap(fragmenttest.NewServer().Connect()), o)
				wantDo(t, c, k, p, func(context.Context) ([]byte, error) {
					if !stored {
						again()
					}
					return []byte("old"), nil
				}, "old")
				wg.Wait()
			})
		}
	}
}
