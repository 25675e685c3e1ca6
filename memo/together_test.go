package memo_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func TestManyCallersOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		var runs atomic.Int32
		f := memo.New(c, "list", fragment.Policy{}, func(context.Context, int) ([]int, error) {
			runs.Add(1)
			time.Sleep(200 * time.Millisecond)
			return []int{1, 2, 3}, nil
		})
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				got := mustGet2(f.Get(t.Context(), 1))(t)
				if got[0] != 1 {
					t.Errorf("got %v, want a list of its own", got)
				}
				got[0] = 99 // one's own
			})
		}
		all.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("200 callers ran the loader %d times, want once", n)
		}
	})
}

func TestWaiterLeavesByItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		f := memo.Value(c, "slow", fragment.Policy{}, func(context.Context) (int, error) {
			time.Sleep(time.Second)
			return 1, nil
		})
		go func() { _, _ = f.Get(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := f.Get(ctx); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the waiter's own deadline", err)
		}
		time.Sleep(2 * time.Second)
	})
}

// Two loaders that ask for each other's answers, at the same moment and in
// opposite order, must both come to an end.
func TestLoadersInOppositeOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		type depth struct{}
		var a, b *memo.Thunk[string]
		load := func(name string, other **memo.Thunk[string]) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				time.Sleep(10 * time.Millisecond)
				if ctx.Value(depth{}) != nil {
					return name, nil
				}
				inner, err := (*other).Get(context.WithValue(ctx, depth{}, true))
				return name + inner, err
			}
		}
		a = memo.Value(c, "a", fragment.Policy{}, load("a", &b))
		b = memo.Value(c, "b", fragment.Policy{}, load("b", &a))
		began := time.Now()
		var both sync.WaitGroup
		for _, thunk := range []*memo.Thunk[string]{a, b} {
			both.Go(func() { _ = mustGet2(thunk.Get(t.Context()))(t) })
		}
		both.Wait()
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v: they waited for each other", took)
		}
	})
}

func TestSameLoaderInsideItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		var sum *memo.Func[int, int]
		sum = memo.New(c, "sum", fragment.Policy{}, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return 0, nil
			}
			below, err := sum.Get(ctx, n-1)
			return n + below, err
		})
		if got := mustGet2(sum.Get(t.Context(), 100))(t); got != 5050 {
			t.Errorf("got %d, want 5050", got)
		}
		runs := 0
		var same *memo.Thunk[int]
		same = memo.Value(c, "same", fragment.Policy{}, func(ctx context.Context) (int, error) {
			if runs++; runs > 1 {
				return runs, nil
			}
			return same.Get(ctx)
		})
		if got := mustGet2(same.Get(t.Context()))(t); got != 2 {
			t.Errorf("got %d, want 2", got)
		}
	})
}

// What is invalidated while it is loaded must not be stored afterwards.
func TestInvalidationDuringALoad(t *testing.T) {
	for name, invalidate := range map[string]func(context.Context, *memo.Func[int, int]) error{
		"DeleteAll": func(ctx context.Context, f *memo.Func[int, int]) error { return f.DeleteAll(ctx) },
		"Delete":    func(ctx context.Context, f *memo.Func[int, int]) error { return f.Delete(ctx, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := newCache(t)
				var database atomic.Int32
				f := memo.New(c, "row", fragment.Policy{}, func(context.Context, int) (int, error) {
					read := int(database.Load())
					time.Sleep(time.Second)
					return read, nil
				})
				go func() { _, _ = f.Get(t.Context(), 1) }()
				synctest.Wait() // the old row has been read
				database.Store(1)
				mustDo(t, invalidate(t.Context(), f))
				if got := mustGet2(f.Get(t.Context(), 1))(t); got != 1 {
					t.Errorf("asked after the invalidation: got the row of before")
				}
				time.Sleep(2 * time.Second)
				if got := mustGet2(f.Get(t.Context(), 1))(t); got != 1 {
					t.Errorf("later: got the row of before")
				}
			})
		})
	}
}
