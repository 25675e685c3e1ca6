package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// An observer that asks for the key that it is told of does not wait for the
// very fill that it is called from.
func TestObserverMayAskForTheKeyItIsToldOf(t *testing.T) {
	for kind := fragment.EventHit; kind <= fragment.EventFault; kind++ {
		for name, f := range map[string]fill{"stored": give("v"), "private": private("v"), "failed": fails, "too large": give("much too large")} {
			synctest.Test(t, func(t *testing.T) {
				var c *fragment.Cache
				var told atomic.Bool
				page := levels(t, fragment.Policy{})[0]
				c = fresh(t, fragment.Options{MaxValue: 8, Observe: func(ctx context.Context, e fragment.Event) {
					if e.Kind == kind && told.CompareAndSwap(false, true) {
						c.Do(ctx, body, fragment.Policy{Tags: []string{"observer"}}, give("observed"))
					}
				}})
				start := time.Now()
				for range 2 {
					inside([]level{page, {c, body, fragment.Policy{}}}, f)(t.Context())
				}
				if took := time.Since(start); took > patience {
					t.Errorf("with an observer of %v that asks for what is %s: %v", kind, name, took)
				}
			})
		}
	}
}
