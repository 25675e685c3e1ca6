package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// An observer may use the cache that it observes, and the very key that the
// event is about.
func TestObserverMayUseTheCache(t *testing.T) {
	var c *fragment.Cache
	var depth, told atomic.Int64
	k := fragment.KeyOf("k")
	c = fresh(t, fragment.Options{Observe: func(ctx context.Context, e fragment.Event) {
		told.Add(1)
		if c == nil || depth.Add(1) > 1 {
			return
		}
		defer depth.Store(0)
		wantErr(t, "Set by an observer", c.Set(ctx, k, []byte("observed"), fragment.Policy{}), nil)
		_, err := c.Touch(ctx, k, fragment.Policy{})
		wantErr(t, "Touch by an observer", err, nil)
		wantErr(t, "Delete by an observer", c.Delete(ctx, k), nil)
	}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx := context.Background()
		wantErr(t, "Set", c.Set(ctx, k, []byte("v"), fragment.Policy{}), nil)
		wantErr(t, "Delete", c.Delete(ctx, k), nil)
		_, err := c.Increment(ctx, k, 1, fragment.Policy{})
		wantErr(t, "Increment", err, nil)
		do(t, ctx, c, k, fragment.Policy{}, give("v"))
		wantErr(t, "Expire", c.Expire(ctx, k), nil)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("an observer that uses the cache hangs")
	}
	if told.Load() == 0 {
		t.Error("the observer was told nothing")
	}
}
