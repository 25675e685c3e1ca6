package memo_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

type user struct {
	ID      int64
	Name    string
	Tags    []string
	Joined  time.Time
	Manager *user
}

// counter is a loader that counts its runs.
func counter(runs *int) func(context.Context, int) (int, error) {
	return func(_ context.Context, k int) (int, error) {
		*runs++
		return k*1000 + *runs, nil
	}
}

func TestLifeOfAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := newCache(t)
		runs := 0
		f := memo.New(c, "n", fragment.Policy{TTL: 10 * time.Second}, counter(&runs))
		get := func(k int) int { return mustGet2(f.Get(ctx, k))(t) }

		for _, step := range []struct {
			label string
			do    func()
			k     int
			want  int
		}{
			{label: "a miss runs the loader", k: 1, want: 1001},
			{label: "a hit does not", k: 1, want: 1001},
			{label: "another argument is another answer", k: 2, want: 2002},
			{label: "just before its TTL it is a hit", do: func() { time.Sleep(10*time.Second - time.Nanosecond) }, k: 1, want: 1001},
			{label: "at its TTL it is loaded anew", do: func() { time.Sleep(time.Nanosecond) }, k: 1, want: 1003},
			{label: "and the other one too", k: 2, want: 2004},
			{label: "Delete frees one", do: func() { mustDo(t, f.Delete(ctx, 1)) }, k: 1, want: 1005},
			{label: "and only that", k: 2, want: 2004},
			{label: "Delete of none frees none", do: func() { mustDo(t, f.Delete(ctx)) }, k: 2, want: 2004},
			{label: "Delete takes several", do: func() { mustDo(t, f.Delete(ctx, 1, 2)) }, k: 2, want: 2006},
			{label: "each of them", k: 1, want: 1007},
			{label: "DeleteAll frees all", do: func() { mustDo(t, f.DeleteAll(ctx)) }, k: 1, want: 1008},
			{label: "all of them", k: 2, want: 2009},
			{label: "Clear of the cache does too", do: func() { mustDo(t, c.Clear(ctx)) }, k: 2, want: 2010},
		} {
			if step.do != nil {
				step.do()
			}
			if got := get(step.k); got != step.want {
				t.Fatalf("%s: got %d, want %d", step.label, got, step.want)
			}
		}
	})
}

func mustGet2[V any](v V, err error) func(testing.TB) V {
	return func(t testing.TB) V { t.Helper(); return mustGet(t, v, err) }
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestThunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, _ := newCache(t)
		runs := 0
		now := memo.Value(c, "now", fragment.Policy{TTL: time.Second}, func(context.Context) (int, error) {
			runs++
			return runs, nil
		})
		mustDo(t, now.Err())
		if name := now.Key().Name(); name != "now" || now.Key().Err() != nil {
			t.Errorf("Key: name %q, error %v", name, now.Key().Err())
		}
		for i, want := range []int{1, 1, 2, 2, 3} {
			switch i {
			case 2:
				mustDo(t, now.Delete(ctx))
			case 4:
				time.Sleep(time.Second)
			}
			if got := mustGet2(now.Get(ctx))(t); got != want {
				t.Errorf("Get %d: got %d, want %d", i, got, want)
			}
		}
	})
}

func TestErrorsAreReturnedUnchangedAndNotStored(t *testing.T) {
	ctx := t.Context()
	c, _ := newCache(t)
	failure := errors.New("no such user")
	runs := 0
	f := memo.New(c, "u", fragment.Policy{}, func(context.Context, string) (user, error) {
		if runs++; runs < 3 {
			return user{Name: "half"}, failure
		}
		return user{Name: "whole"}, nil
	})
	for range 2 {
		if u, err := f.Get(ctx, "a"); err != failure || u.Name != "" {
			t.Errorf("Get: got %+v, %v; want nothing and the loader's own error", u, err)
		}
	}
	if u := mustGet2(f.Get(ctx, "a"))(t); u.Name != "whole" || runs != 3 {
		t.Errorf("after errors: got %q after %d runs, want whole after 3", u.Name, runs)
	}
}

func TestPanicReachesItsCaller(t *testing.T) {
	c, _ := newCache(t)
	explode := true
	f := memo.New(c, "p", fragment.Policy{}, func(context.Context, int) (int, error) {
		if explode {
			panic("boom")
		}
		return 7, nil
	})
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v, want boom", p)
			}
		}()
		_, _ = f.Get(t.Context(), 1)
	}()
	explode = false
	if got := mustGet2(f.Get(t.Context(), 1))(t); got != 7 {
		t.Errorf("after a panic: got %d, want 7", got)
	}
}

func TestWithoutStoring(t *testing.T) {
	for name, policy := range map[string]fragment.Policy{
		"negative TTL": {TTL: -1}, "closed": {},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCache(t)
			if name == "closed" {
				mustDo(t, c.Close())
			}
			runs := 0
			f := memo.New(c, "n", policy, counter(&runs))
			for want := range 3 {
				if got := mustGet2(f.Get(t.Context(), 1))(t); got != 1001+want {
					t.Errorf("got %d, want %d", got, 1001+want)
				}
			}
		})
	}
}

func TestDeclaredCache(t *testing.T) {
	ctx := t.Context()
	var r fragment.Registry
	runs := 0
	f := memo.New(r.Cache("later"), "n", fragment.Policy{}, counter(&runs))
	mustDo(t, f.Err())
	if a, b := mustGet2(f.Get(ctx, 1))(t), mustGet2(f.Get(ctx, 1))(t); a == b {
		t.Errorf("before it is opened: got %d twice, want the loader run each time", a)
	}
	c, _ := newCache(t)
	mustDo(t, r.Use("later", c))
	if a, b := mustGet2(f.Get(ctx, 1))(t), mustGet2(f.Get(ctx, 1))(t); a != b {
		t.Errorf("after it is opened: got %d and %d, want one answer", a, b)
	}
}

func TestScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c, seen := newCache(t)
		runs := 0
		inner := memo.New(c, "inner", fragment.Policy{TTL: time.Hour}, func(ctx context.Context, k int) (int, error) {
			runs++
			fragment.AddTags(ctx, "product:42")
			fragment.LimitTTL(ctx, 5*time.Second)
			return runs, nil
		})
		outer := memo.Value(c, "outer", fragment.Policy{TTL: time.Hour, Tags: []string{"mine"}}, func(ctx context.Context) (int, error) {
			return inner.Get(ctx, 1)
		})
		for i, step := range []func(){
			nil,
			func() { mustDo(t, c.InvalidateTags(ctx, "product:42")) },
			func() { time.Sleep(5 * time.Second) },
			func() { mustDo(t, inner.DeleteAll(ctx)) },
		} {
			if step != nil {
				step()
			}
			for range 2 {
				if got := mustGet2(outer.Get(ctx))(t); got != i+1 {
					t.Errorf("step %d: got %d, want %d", i, got, i+1)
				}
			}
		}
		never := memo.Value(c, "never", fragment.Policy{}, func(ctx context.Context) (int, error) {
			fragment.DoNotStore(ctx, "private")
			return 1, nil
		})
		_ = mustGet2(never.Get(ctx))(t)
		if got := strings.Join(seen.skips(), ";"); got != "private" {
			t.Errorf("skipped because of %q, want private", got)
		}
	})
}
