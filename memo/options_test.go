package memo_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

func TestTagsFromTheValue(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	runs := 0
	f, err := memo.NewWithOptions(c, "user", fragment.Policy{Tags: []string{"users"}}, memo.Options[int, user]{
		Tags: func(k int, u user) []string { return []string{fmt.Sprintf("user:%d", k), "name:" + u.Name} },
	}, func(_ context.Context, k int) (user, error) {
		runs++
		return user{ID: int64(k), Name: "ada"}, nil
	})
	mustDo(t, err)
	for _, put := range []struct {
		how string
		do  func() error
	}{
		{"loaded", func() error { _, err := f.Get(ctx, 1); return err }},
		{"set", func() error { return f.Set(ctx, 1, user{Name: "ada"}) }},
	} {
		for tag, frees := range map[string]bool{"user:1": true, "user:2": false, "name:ada": true, "name:bob": false, "users": true} {
			mustDo(t, put.do())
			mustDo(t, c.InvalidateTags(ctx, tag))
			if _, ok, _ := f.Peek(ctx, 1); ok == frees {
				t.Errorf("%s, then %s freed: still stored: %v", put.how, tag, ok)
			}
		}
		mustDo(t, f.DeleteAll(ctx))
		if _, ok, _ := f.Peek(ctx, 1); ok {
			t.Errorf("%s: DeleteAll left it", put.how)
		}
	}
}

// Tags of the value reach what is around it on a hit, too.
func TestTagsFromTheValueBubble(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	inner, err := memo.NewWithOptions(c, "inner", fragment.Policy{}, memo.Options[int, int]{
		Tags: func(k, _ int) []string { return []string{fmt.Sprint("n:", k)} },
	}, noLoad[int, int])
	mustDo(t, err)
	_ = mustGet2(inner.Get(ctx, 1))(t)
	outer := memo.New(c, "outer", fragment.Policy{}, inner.Get)
	_ = mustGet2(outer.Get(ctx, 1))(t)
	mustDo(t, c.InvalidateTags(ctx, "n:1"))
	if _, ok, _ := outer.Peek(ctx, 1); ok {
		t.Error("what is around the answer is still stored")
	}
}

func TestTTLFromTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := newCache(t)
		f, err := memo.NewWithOptions(c, "n", fragment.Policy{TTL: time.Minute}, memo.Options[int, time.Duration]{
			TTL: func(_ int, d time.Duration) time.Duration { return d },
		}, func(_ context.Context, k int) (time.Duration, error) { return time.Duration(k) * time.Second, nil })
		mustDo(t, err)
		for k, want := range map[int]time.Duration{0: time.Minute, 1: time.Second, 3600: time.Hour, -1: 0} {
			_ = mustGet2(f.Get(ctx, k))(t)
			if left, _, _ := c.TTL(ctx, f.Key(k)); left != want {
				t.Errorf("%d s, loaded: lives %v, want %v", k, left, want)
			}
			mustDo(t, f.Delete(ctx, k))
			mustDo(t, f.Set(ctx, k, time.Duration(k)*time.Second))
			if left, _, _ := c.TTL(ctx, f.Key(k)); left != want {
				t.Errorf("%d s, set: lives %v, want %v", k, left, want)
			}
		}
		mustDo(t, f.Set(ctx, 1, fragment.Forever))
		if left, _, _ := c.TTL(ctx, f.Key(1)); left != fragment.Forever {
			t.Errorf("lives %v, want for ever", left)
		}
	})
}

func TestStore(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	runs := 0
	f, err := memo.NewWithOptions(c, "found", fragment.Policy{}, memo.Options[int, []string]{
		Store: func(_ int, v []string) bool { return len(v) > 0 },
	}, func(_ context.Context, k int) ([]string, error) {
		runs++
		return make([]string, k), nil
	})
	mustDo(t, err)
	for k, want := range map[int]int{0: 2, 1: 1} {
		runs = 0
		for range 2 {
			if got := mustGet2(f.Get(ctx, k))(t); len(got) != k {
				t.Errorf("got %q, want %d of them", got, k)
			}
		}
		if runs != want {
			t.Errorf("%d found: loaded %d times, want %d", k, runs, want)
		}
	}
	mustDo(t, f.Set(ctx, 1, nil))
	if _, ok, _ := f.Peek(ctx, 1); ok {
		t.Error("what was there before a Set that stores nothing is still there")
	}
}

// What is not stored does not keep the page around it from being stored.
func TestNotStoredIsNoHindrance(t *testing.T) {
	for label, o := range map[string]memo.Options[int, any]{
		"Store":               {Store: func(int, any) bool { return false }},
		"TTL":                 {TTL: func(int, any) time.Duration { return -1 }},
		"it cannot be stored": {},
	} {
		ctx := t.Context()
		c, seen := newCache(t)
		runs, value := 0, any("value")
		if o.Store == nil && o.TTL == nil {
			value = make(chan int)
		}
		f, err := memo.NewWithOptions(c, "part", fragment.Policy{}, o, func(ctx context.Context, _ int) (any, error) {
			runs++
			fragment.AddTags(ctx, "part")
			return value, nil
		})
		mustDo(t, err)
		page := memo.Value(c, "page", fragment.Policy{}, func(ctx context.Context) (int, error) {
			if v := mustGet2(f.Get(ctx, 1))(t); v != value {
				t.Errorf("%s: got %v, want %v", label, v, value)
			}
			return runs, nil
		})
		for range 2 {
			if got := mustGet2(page.Get(ctx))(t); got != 1 {
				t.Errorf("%s: the page was made %d times, want once", label, got)
			}
		}
		mustDo(t, c.InvalidateTags(ctx, "part"))
		if got := mustGet2(page.Get(ctx))(t); got != 2 {
			t.Errorf("%s: the page lost the tag of its part", label)
		}
		if got := seen.skips(); len(got) != 2 || !strings.HasPrefix(got[0], "memo: ") {
			t.Errorf("%s: skipped because of %q", label, got)
		}
	}
}

// Whoever waits for an answer that turns out not to be stored loads one for
// itself, side by side.
func TestWaitersOfWhatIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t)
		var runs atomic.Int64
		f := memo.New(c, "v", fragment.Policy{}, func(context.Context, int) (any, error) {
			time.Sleep(time.Second)
			return []any{runs.Add(1), make(chan int)}, nil
		})
		began := time.Now()
		var all sync.WaitGroup
		var seen sync.Map
		for range 20 {
			all.Go(func() {
				v := mustGet2(f.Get(t.Context(), 1))(t).([]any)
				if _, twice := seen.LoadOrStore(v[0], true); twice {
					t.Error("two callers have one value")
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != 2*time.Second || runs.Load() != 20 {
			t.Errorf("%d loads in %v, want 20 in 2s", runs.Load(), took)
		}
	})
}

// Where the cache is off, the options say nothing to the page around.
func TestOptionsWhereTheCacheIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := newCache(t)
		off, err := memo.NewWithOptions(c, "off", fragment.Policy{TTL: -1}, memo.Options[int, int]{
			TTL:   func(k, _ int) time.Duration { return time.Duration(k) },
			Store: func(k, v int) bool { return k == 0 || v == 7 },
		}, noLoad[int, int])
		mustDo(t, err)
		page := memo.New(c, "page", fragment.Policy{TTL: time.Minute}, off.Get)
		for k, want := range map[int]time.Duration{int(time.Hour): time.Minute, -1: time.Minute, 0: time.Minute, int(time.Second): time.Second} {
			_ = mustGet2(page.Get(ctx, k))(t)
			if left, _, _ := c.TTL(ctx, page.Key(k)); left != want {
				t.Errorf("TTL %v: the page lives %v, want %v", time.Duration(k), left, want)
			}
		}
		mustDo(t, off.Set(ctx, 0, 7))
		mustDo(t, off.Set(ctx, int(time.Hour), 7))
		if n := c.Stats().Names["off"].Hits; n != 0 {
			t.Errorf("%d hits of what is off", n)
		}
		if ok, _ := c.Has(ctx, off.Key(int(time.Hour))); ok {
			t.Error("Set stored what is off")
		}
	})
}
