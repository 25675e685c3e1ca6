package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An observer may use the cache and the key that an Event is about, also where
// that tells of a fault.
func TestObserverMayUseAKeyThatCouldNotBeForgotten(t *testing.T) {
	var c *fragment.Cache
	var faults fragmenttest.Faults
	k := fragment.KeyOf("k")
	c = open(t, faults.Wrap(local{newMemory()}), fragment.Options{Observe: func(ctx context.Context, e fragment.Event) {
		if e.Kind == fragment.EventFault && e.Reason == "delete" {
			faults.Stop()
			c.Set(ctx, k, []byte("x"), fragment.Policy{})
		}
	}})
	faults.Inject(fragmenttest.Fault{On: fragmenttest.Deletes})
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Do(context.Background(), k, fragment.Policy{NotFoundTTL: -1}, func(context.Context) ([]byte, error) { return nil, fragment.ErrNotFound })
	}()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		t.Fatal("hangs")
	}
}

func TestObserverMayUseAKeyThatCouldNotBeProlonged(t *testing.T) {
	var c *fragment.Cache
	k := fragment.KeyOf("k")
	var err error
	var took time.Duration
	var called atomic.Int64
	c = open(t, untouchable{fragmenttest.NewServer().Connect()}, fragment.Options{Observe: func(ctx context.Context, e fragment.Event) {
		if e.Kind == fragment.EventFault && called.Add(1) == 1 {
			began := time.Now()
			err = c.Delete(ctx, k)
			took = time.Since(began)
		}
	}})
	c.Do(context.Background(), k, fragment.Policy{TTL: 48 * time.Hour}, give("v"))
	if err != nil || took > 500*time.Millisecond {
		t.Errorf("Delete by the observer: %v after %v", err, took)
	}
}

func TestObserverMayUseAKeyWhoseWriteOpensTheBreaker(t *testing.T) {
	var c *fragment.Cache
	k := fragment.KeyOf("k")
	var took time.Duration
	var called atomic.Int64
	var faults fragmenttest.Faults
	c = open(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{MaxFaults: 1, Observe: func(ctx context.Context, e fragment.Event) {
		if e.Kind == fragment.EventBreaker && called.Add(1) == 1 {
			began := time.Now()
			c.Delete(ctx, k)
			took = time.Since(began)
		}
	}})
	c.Do(context.Background(), k, fragment.Policy{}, func(context.Context) ([]byte, error) {
		faults.Inject(fragmenttest.Fault{On: fragmenttest.Writes})
		return []byte("v"), nil
	})
	if called.Load() == 0 || took > 500*time.Millisecond {
		t.Errorf("called %d, took %v", called.Load(), took)
	}
}
