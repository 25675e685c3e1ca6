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
// that nobody knew of when it began.
func TestWaiterOfAFillThatLearnsItsTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 1, fragment.Options{}), fragment.KeyOf("k")
		var runs atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				wantDo(t, p.caches[0], k, withTags(), counted(&runs, func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return tagged("late", "v")(ctx)
				}), "v")
			})
			synctest.Wait()
		}
		wg.Wait()
		if runs.Load() != 1 {
			t.Errorf("%d fills, want one", runs.Load())
		}
	})
}

// A server that takes no writes, such as one that is full, holds no stamps by
// which what was begun before could be told from what was begun after; nor does
// one that was flushed.
func TestWaiterAfterAnInvalidationThatNoStampTells(t *testing.T) {
	for what, invalidate := range invalidations {
		for _, policy := range []fragment.Policy{withTags("t"), withTags()} {
			if what == "InvalidateTags" && len(policy.Tags) == 0 {
				continue
			}
			for _, flushed := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					t.Logf("%s, policy %v, flushed: %t", what, policy.Tags, flushed)
					var full fragmenttest.Faults
					server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
					here := open(t, full.Wrap(server.Connect()), fragment.Options{MaxFaults: -1})
					there := open(t, server.Connect(), fragment.Options{})
					if !flushed {
						wantDo(t, there, fragment.KeyOf("other"), withTags("t"), give("v"), "v")
					}
					full.Inject(fragmenttest.Fault{On: fragmenttest.Writes})
					var wg sync.WaitGroup
					wg.Go(func() { wantDo(t, here, k, policy, takes(time.Second, "old"), "old") })
					synctest.Wait()
					must(t, invalidate(t.Context(), there, k))
					if flushed {
						server.Flush()
					}
					wantDo(t, here, k, policy, takes(time.Second, "new"), "new")
					wg.Wait()
				})
			}
		}
	}
}
