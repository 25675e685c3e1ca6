package fragment_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// late is a Backend whose Get reads at once and calls then before it returns.
type late struct {
	fragment.Backend
	then func()
}

func (l *late) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, ok, err := l.Backend.Get(ctx, key)
	if then := l.then; then != nil {
		l.then = nil
		then()
	}
	return value, ok, err
}

// Between the lookup of a caller and its lead another may have filled and
// stored: then it does not fill again.
func TestFillBetweenLookupAndLead(t *testing.T) {
	var runs atomic.Int64
	b, k := &late{Backend: newMemory()}, fragment.KeyOf("k")
	c := open(t, local{b}, fragment.Options{})
	b.then = func() { wantDo(t, c, k, fragment.Policy{}, counted(&runs, give("first")), "first") }
	wantDo(t, c, k, fragment.Policy{}, counted(&runs, give("second")), "first")
	if runs.Load() != 1 {
		t.Errorf("%d fills, want one", runs.Load())
	}
}

// Between the store of a fill and its landing, it may be invalidated. Who comes
// after that does not get what was, although he waits for that fill.
func TestInvalidationBetweenStoreAndLanding(t *testing.T) {
	for name, disturb := range disturbances {
		synctest.Test(t, func(t *testing.T) {
			var c *fragment.Cache
			var first atomic.Bool
			k, p := fragment.KeyOf("k"), fragment.Policy{Tags: []string{"t"}}
			c = fresh(t, fragment.Options{Observe: func(_ context.Context, e fragment.Event) {
				if e.Kind == fragment.EventStore && first.CompareAndSwap(false, true) {
					must(t, disturb(t.Context(), c, k))
					go wantDo(t, c, k, p, give("new"), "new")
					synctest.Wait()
				}
			}})
			wantDo(t, c, k, p, give("old"), "old")
			synctest.Wait()
			wantGet(t, c, k, "new")
			t.Log(name)
		})
	}
}

// A Set beside a fill is for the waiters of that fill too: they get what is
// stored now.
func TestSetBesideAFillIsForItsWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, takes(time.Second, "filled"), "filled") })
		synctest.Wait()
		for range 3 {
			wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, fails, "set") })
		}
		synctest.Wait()
		must(t, c.Set(t.Context(), k, []byte("set"), fragment.Policy{}))
		wg.Wait()
	})
}

// Keys in any order, some of them twice, are taken without a standstill.
func TestKeysInAnyOrder(t *testing.T) {
	c := open(t, hesitant(), fragment.Options{})
	a, b, k := fragment.KeyOf("a"), fragment.KeyOf("b"), fragment.KeyOf("k")
	orders := [][]fragment.Key{{a, b, k}, {k, b, a}, {b, a, b}, {k, k}, {b, k, a}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		together(len(orders), func(i int) {
			for range 300 {
				must(t, c.Delete(t.Context(), orders[i]...))
				must(t, c.SetMany(t.Context(), map[fragment.Key][]byte{a: nil, b: nil, k: nil}, fragment.Policy{}))
			}
		})
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the writers hold up each other")
	}
}

// gated is a Backend whose Delete waits at the gate.
type gated struct {
	fragment.Backend
	gate chan struct{}
}

func (g gated) Delete(ctx context.Context, keys ...string) error {
	<-g.gate
	return g.Backend.Delete(ctx, keys...)
}

// While a Delete is under way, who leads may find what it is about to delete.
// Who comes after it does not wait for that.
func TestDeleteBetweenLookupAndLanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *fragment.Cache
		var first atomic.Bool
		k, gate := fragment.KeyOf("k"), make(chan struct{})
		b := &late{Backend: gated{newMemory(), gate}}
		c = open(t, local{b}, fragment.Options{Observe: func(_ context.Context, e fragment.Event) {
			if e.Kind == fragment.EventHit && first.CompareAndSwap(false, true) {
				close(gate)
				synctest.Wait()
				go wantDo(t, c, k, fragment.Policy{}, give("new"), "new")
				synctest.Wait()
			}
		}})
		b.then = func() {
			wantDo(t, c, k, fragment.Policy{}, give("old"), "old")
			go c.Delete(t.Context(), k)
			synctest.Wait()
		}
		wantDo(t, c, k, fragment.Policy{}, give("older"), "old")
		synctest.Wait()
		wantGet(t, c, k, "new")
	})
}
