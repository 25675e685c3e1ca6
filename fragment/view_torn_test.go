package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A Backend that reads one key after the other may show an entry from before an
// invalidation beside an epoch from after it. Who asks after that and waits is not
// given that entry.
func TestWaiterIsNotGivenWhatWasReadBeforeAnInvalidation(t *testing.T) {
	for _, known := range []bool{true, false} { // whether the waiter knows the tag
		synctest.Test(t, func(t *testing.T) {
			server, ctx, k := fragmenttest.NewServer(), t.Context(), fragment.KeyOf("k")
			there := open(t, server.Connect(), fragment.Options{})
			var looks atomic.Int64
			var here *fragment.Cache
			var asked chan string
			here = open(t, plain{&meddler{Backend: server.Connect(), get: func(_ context.Context, key string) error {
				if key != "!epoch" {
					return nil
				}
				switch looks.Add(1) {
				case 1: // found nothing: it is stored now, and something has landed
					wantDo(t, there, k, withTags(), tagged("t", "old"), "old")
					wantDo(t, here, fragment.KeyOf("other"), withTags(), give("v"), "v")
					looks.Store(100)
				case 101: // looked again, and has read "old"
					must(t, there.InvalidateTags(ctx, "t"))
					policy := withTags()
					if known {
						policy = withTags("t")
					}
					asked = make(chan string)
					go func() { asked <- do(t, ctx, here, k, policy, give("new")) }()
					synctest.Wait()
				}
				return nil
			}}}, fragment.Options{})
			do(t, ctx, here, k, withTags("t"), give("new"))
			if asked == nil {
				t.Fatal("nobody looked again")
			}
			if got := <-asked; got != "new" {
				t.Errorf("tag known %v: who asked after the invalidation got %q", known, got)
			}
		})
	}
}
