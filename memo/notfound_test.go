package memo_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// That there is none is an answer, and lives as long as NotFoundTTL says.
func TestNotFound(t *testing.T) {
	for _, batched := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			c, _ := newCache(t)
			runs, there := 0, false
			load := func(_ context.Context, id int) (user, error) {
				runs++
				if there {
					return user{Name: "ada"}, nil
				}
				return user{Name: "half"}, fmt.Errorf("user %d: %w", id, memo.ErrNotFound)
			}
			p := fragment.Policy{TTL: time.Minute, NotFoundTTL: time.Second}
			f, err := memo.NewWithOptions(c, "user", p, memo.Options[int, user]{
				LoadMany: func(ctx context.Context, ids []int) (results []memo.Result[user], err error) {
					for _, id := range ids {
						u, err := load(ctx, id)
						results = append(results, memo.Result[user]{Value: u, Err: err})
					}
					return results, nil
				},
			}, load)
			mustDo(t, err)
			get := func() (user, error) { return f.Get(ctx, 1) }
			if batched {
				get = func() (user, error) { r := f.GetMany(ctx, []int{1})[0]; return r.Value, r.Err }
			}
			missing := func(step string, u user, err error) {
				t.Helper()
				if u.Name != "" || !errors.Is(err, memo.ErrNotFound) || err.Error() != "user 1: not found" {
					t.Errorf("%s: got %+v, %v; want nothing and the error of the loader", step, u, err)
				}
			}
			_, ok, err := f.Peek(ctx, 1)
			if ok || err != nil {
				t.Errorf("Peek at first: %v, %v", ok, err)
			}
			for _, step := range []string{"miss", "hit", "hit"} {
				u, err := get()
				missing(step, u, err)
			}
			u, _, err := f.Peek(ctx, 1)
			missing("Peek", u, err)
			if runs != 1 {
				t.Errorf("loaded %d times, want once", runs)
			}
			there = true
			time.Sleep(time.Second)
			if u, err := get(); err != nil || u.Name != "ada" {
				t.Errorf("later: got %+v, %v", u, err)
			}
			there = false
			u, err = f.Refresh(ctx, 1)
			missing("Refresh", u, err)
			mustDo(t, f.Set(ctx, 1, user{Name: "set"}))
			if u, err := get(); err != nil || u.Name != "set" {
				t.Errorf("after Set: got %+v, %v", u, err)
			}
		})
	}
}

// Other errors are remembered only where the policy says so.
func TestErrorTTL(t *testing.T) {
	for ttl, want := range map[time.Duration]int{0: 3, time.Second: 2} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newCache(t)
			runs := 0
			f := memo.Value(c, "down", fragment.Policy{ErrorTTL: ttl}, func(context.Context) (int, error) {
				runs++
				return 0, errDown
			})
			for i := range 3 {
				if _, err := f.Get(t.Context()); err != errDown {
					t.Errorf("got %v, want the error itself", err)
				}
				time.Sleep(time.Duration(i) * time.Second)
			}
			if runs != want {
				t.Errorf("ErrorTTL %v: loaded %d times, want %d", ttl, runs, want)
			}
		})
	}
}
