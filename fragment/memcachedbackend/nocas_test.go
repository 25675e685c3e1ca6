package memcachedbackend_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// A server without compare-and-swap is as good for a Cache as any other.
func TestFillsOnAServerWithoutCompareAndSwap(t *testing.T) {
	s := servers.Memcached(t, "-C")
	var seen fragmenttest.Recorder
	c, err := fragment.New(opened(t, memcachedbackend.Options{}, s.Addr), fragment.Options{Observe: seen.Observe})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		k := fragment.KeyOf("page")
		began := time.Now()
		got, err := c.Do(ctx, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
			time.Sleep(1500 * time.Millisecond) // and its lease is renewed
			return []byte("page"), nil
		})
		if took := time.Since(began); string(got) != "page" || err != nil || took > 2*time.Second {
			t.Errorf("Do: got %q, error %v after %v", got, err, took)
		}
		if err := c.Delete(ctx, k); err != nil {
			t.Error(err)
		}
	}
	time.Sleep(2 * time.Second)
	for _, kind := range []fragment.EventKind{fragment.EventFault, fragment.EventBreaker} {
		for _, e := range seen.Events(kind) {
			t.Errorf("%v %s %v", e.Kind, e.Reason, e.Err)
		}
	}
}
