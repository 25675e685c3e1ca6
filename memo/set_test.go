package memo_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func TestPeekSetRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := newCache(t)
		runs := 0
		var failure error
		f := memo.New(c, "n", fragment.Policy{TTL: 10 * time.Second, Stale: 10 * time.Second}, func(ctx context.Context, k int) (int, error) {
			n, _ := counter(&runs)(ctx, k)
			return n, failure
		})
		set := func(v int) func() { return func() { mustDo(t, f.Set(ctx, 1, v)) } }
		refresh := func(want int) func() {
			return func() {
				if got := mustGet2(f.Refresh(ctx, 1))(t); got != want {
					t.Errorf("Refresh: got %d, want %d", got, want)
				}
			}
		}
		get := func() { _ = mustGet2(f.Get(ctx, 1))(t) }
		const none = -1
		for _, step := range []struct {
			label string
			do    func()
			want  int // what Peek finds
		}{
			{"nothing is stored at first", nil, none},
			{"what Get loads", get, 1001},
			{"what Set stores", set(7), 7},
			{"what Get finds", get, 7},
			{"what Refresh loads", refresh(1002), 1002},
			{"what it loads again", refresh(1003), 1003},
			{"what remains when it fails", func() { failure = errors.New("down"); refresh(1003)(); failure = nil }, 1003},
			{"what is still fresh", func() { time.Sleep(10*time.Second - time.Nanosecond) }, 1003},
			{"nothing that is stale", func() { time.Sleep(time.Nanosecond) }, none},
			{"what Set stores anew", set(8), 8},
			{"for as long as the policy says", func() { time.Sleep(10 * time.Second) }, none},
			{"nothing once it is deleted", func() { set(9)(); mustDo(t, f.Delete(ctx, 1)) }, none},
			{"nothing once all are", func() { set(9)(); mustDo(t, f.DeleteAll(ctx)) }, none},
			{"what Refresh loads where there was nothing", refresh(1005), 1005},
			{"nothing foreign", func() { mustDo(t, c.Set(ctx, f.Key(1), []byte("?"), fragment.Policy{})) }, none},
		} {
			if step.do != nil {
				step.do()
			}
			before := runs
			got, ok, err := f.Peek(ctx, 1)
			if !ok {
				got = none
			}
			if err != nil || got != step.want || runs != before {
				t.Fatalf("%s: Peek: got %d (%v), want %d", step.label, got, err, step.want)
			}
		}
	})
}

func TestThunkPeekSetRefresh(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	runs := 0
	now := memo.Value(c, "now", fragment.Policy{}, func(context.Context) (int, error) { runs++; return runs, nil })
	if v, ok, err := now.Peek(ctx); ok || err != nil || v != 0 {
		t.Errorf("Peek at first: %d, %v, %v", v, ok, err)
	}
	mustDo(t, now.Set(ctx, 7))
	if v, ok, err := now.Peek(ctx); !ok || err != nil || v != 7 {
		t.Errorf("Peek after Set: %d, %v, %v, want 7", v, ok, err)
	}
	if v := mustGet2(now.Refresh(ctx))(t); v != 1 {
		t.Errorf("Refresh: got %d, want 1", v)
	}
	if v := mustGet2(now.Get(ctx))(t); v != 1 {
		t.Errorf("Get after it: got %d, want 1", v)
	}
}

func TestSetKeepsWhatIsBeingLoadedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		f := memo.New(c, "row", fragment.Policy{}, func(context.Context, int) (string, error) {
			time.Sleep(time.Second)
			return "old", nil
		})
		go func() { _, _ = f.Get(t.Context(), 1) }()
		synctest.Wait()
		mustDo(t, f.Set(t.Context(), 1, "new"))
		time.Sleep(2 * time.Second)
		if got := mustGet2(f.Get(t.Context(), 1))(t); got != "new" {
			t.Errorf("got %q, which was loaded before Set", got)
		}
	})
}

// What is set is a part of what is being made with it, as what is got is.
func TestSetAndPeekInsideALoader(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	inner := memo.New(c, "inner", fragment.Policy{Tags: []string{"inner"}}, noLoad[int, int])
	runs := 0
	outer := memo.New(c, "outer", fragment.Policy{}, func(ctx context.Context, k int) (int, error) {
		if runs++; runs%2 == 1 {
			return runs, inner.Set(ctx, k, runs)
		}
		_, _, err := inner.Peek(ctx, k)
		return runs, err
	})
	for want := 1; want <= 2; want++ {
		if got := mustGet2(outer.Get(ctx, 1))(t); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		if want == 1 {
			mustDo(t, outer.Delete(ctx, 1)) // so that it peeks
			continue
		}
		mustDo(t, c.InvalidateTags(ctx, "inner"))
		if got := mustGet2(outer.Get(ctx, 1))(t); got != 3 {
			t.Errorf("after the part was freed: got %d, want 3", got)
		}
	}
}

func TestSetOfWhatCannotBeStored(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	f := memo.New(c, "v", fragment.Policy{}, func(context.Context, int) (any, error) { return "loaded", nil })
	_ = mustGet2(f.Get(ctx, 1))(t)
	err := f.Set(ctx, 1, make(chan int))
	if err == nil || err.Error() != `memo: set "v": a interface {} cannot be stored: an interface in it holds what cannot be stored` {
		t.Errorf("Set: %v", err)
	}
	if _, ok, err := f.Peek(ctx, 1); ok || err != nil {
		t.Errorf("what was there before remains: %v, %v", ok, err)
	}
}

func TestClosed(t *testing.T) {
	c, _ := newCache(t)
	f := memo.New(c, "n", fragment.Policy{}, noLoad[int, int])
	mustDo(t, c.Close())
	if _, ok, err := f.Peek(t.Context(), 1); ok || !errors.Is(err, fragment.ErrClosed) {
		t.Errorf("Peek: %v, %v", ok, err)
	}
	if err := f.Set(t.Context(), 1, 1); !errors.Is(err, fragment.ErrClosed) {
		t.Errorf("Set: %v", err)
	}
	if got := mustGet2(f.Refresh(t.Context(), 1))(t); got != 0 {
		t.Errorf("Refresh: got %d, want what was loaded", got)
	}
}

func TestManyRefreshesOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		var runs atomic.Int64
		f := memo.New(c, "n", fragment.Policy{}, func(context.Context, int) (int64, error) {
			n := runs.Add(1)
			time.Sleep(time.Second)
			return n, nil
		})
		mustDo(t, f.Set(t.Context(), 1, 0))
		go func() { _, _ = f.Refresh(t.Context(), 1) }()
		synctest.Wait()
		if got := mustGet2(f.Get(t.Context(), 1))(t); got != 0 {
			t.Errorf("beside a refresh: got %d, want what is stored", got)
		}
		if got := mustGet2(f.Refresh(t.Context(), 1))(t); got != 2 {
			t.Errorf("a refresh beside a refresh: got %d, want what was loaded after it asked", got)
		}
	})
}
