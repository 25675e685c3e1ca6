package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// absent is a fill that knows that there is nothing.
func absent(context.Context) ([]byte, error) {
	return nil, fmt.Errorf("user 42: %w", fragment.ErrNotFound)
}

func wantNotFound(t *testing.T, c *fragment.Cache, k fragment.Key, p fragment.Policy, f fill) {
	t.Helper()
	value, err := c.Do(t.Context(), k, p, f)
	if value != nil || !errors.Is(err, fragment.ErrNotFound) || err.Error() != "user 42: not found" {
		t.Errorf("Do(%v) = %q, %v, want what absent says", k, value, err)
	}
}

// That there is nothing is an answer: it is kept for a time of its own, out of
// band, and freed like a value.
func TestNotFoundIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
		p := fragment.Policy{TTL: time.Hour, NotFoundTTL: 10 * time.Second, Stale: time.Hour, Tags: []string{"t"}}
		for range 3 {
			wantNotFound(t, c, k, p, counted(&runs, absent))
		}
		if _, ok, err := c.Get(ctx, k); ok || !errors.Is(err, fragment.ErrNotFound) {
			t.Errorf("Get = %t, %v", ok, err)
		}
		if ok, err := c.Has(ctx, k); ok || err != nil {
			t.Errorf("Has = %t, %v", ok, err)
		}
		if _, ok, err := c.TTL(ctx, k); ok || err != nil {
			t.Errorf("TTL = %t, %v", ok, err)
		}
		if many, err := c.GetMany(ctx, []fragment.Key{k}); len(many) != 0 || err != nil {
			t.Errorf("GetMany = %v, %v", many, err)
		}
		time.Sleep(10*time.Second - almost)
		wantNotFound(t, c, k, p, counted(&runs, absent))
		time.Sleep(almost)
		if runs.Load() != 1 {
			t.Errorf("%d fills, want 1", runs.Load())
		}
		if _, err := c.Do(ctx, k, p, fails); !errors.Is(err, errFill) {
			t.Errorf("past its life: %v, want the error of the fill: it is never stale", err)
		}
		must(t, c.Expire(ctx, k))
		wantNotFound(t, c, k, p, absent)
		must(t, c.InvalidateTags(ctx, "t"))
		wantDo(t, c, k, p, give("there"), "there")
		wantGet(t, c, k, "there")
	})
}

func TestNotFoundByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, s := range []struct {
			ttl, want time.Duration
		}{{time.Hour, time.Minute}, {time.Second, time.Second}} {
			c := fresh(t, fragment.Options{})
			p := fragment.Policy{TTL: s.ttl}
			wantNotFound(t, c, body, p, absent)
			time.Sleep(s.want - almost)
			wantNotFound(t, c, body, p, absent)
			time.Sleep(almost)
			wantDo(t, c, body, p, give("v"), "v")
		}
	})
}

// It replaces a stale value, also where it is not kept itself.
func TestNotFoundReplacesTheStale(t *testing.T) {
	for _, ttl := range []time.Duration{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			c, k, p := fresh(t, fragment.Options{}), fragment.KeyOf("k"), staleMinute
			p.NotFoundTTL = ttl
			old(t, c, k, p)
			wantNotFound(t, c, k, p, absent)
			time.Sleep(2 * time.Second)
			if _, err := c.Do(t.Context(), k, p, fails); !errors.Is(err, errFill) {
				t.Errorf("NotFoundTTL %v: %v, want the error of the fill", ttl, err)
			}
		})
	}
}

// A value that reads like the answer is a value.
func TestNotFoundIsOutOfBand(t *testing.T) {
	c := fresh(t, fragment.Options{})
	wantDo(t, c, body, fragment.Policy{}, give("not found"), "not found")
	wantDo(t, c, body, fragment.Policy{}, absent, "not found")
	wantGet(t, c, body, "not found")
}

// The entry around lives no longer than it.
func TestNotFoundIsAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, outer := fresh(t, fragment.Options{}), fragment.KeyOf("outer")
		for i := range 2 { // as it is filled, and as it is hit
			k := fragment.KeyOf("outer", i)
			wantDo(t, c, k, fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
				c.Do(ctx, outer, fragment.Policy{TTL: time.Hour, NotFoundTTL: time.Second, Tags: []string{"t"}}, absent)
				return []byte("v"), nil
			}, "v")
			if left, _, _ := c.TTL(t.Context(), k); left != time.Second {
				t.Errorf("%d: the entry around lives %v, want 1s", i, left)
			}
		}
		must(t, c.InvalidateTags(t.Context(), "t"))
		wantGet(t, c, fragment.KeyOf("outer", 1), "-")
	})
}

// Other errors are remembered by choice alone, and are no older than what they
// were made of.
func TestErrorTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
		p := fragment.Policy{ErrorTTL: 5 * time.Second, Tags: []string{"t"}}
		ask := func(p fragment.Policy, want int64, step string) {
			t.Helper()
			if _, err := c.Do(ctx, k, p, counted(&runs, fails)); err != errFill {
				t.Errorf("%s: error %v, want the very one of the fill", step, err)
			}
			if runs.Load() != want {
				t.Errorf("%s: %d fills, want %d", step, runs.Load(), want)
			}
		}
		ask(fragment.Policy{}, 1, "without it")
		ask(p, 2, "nothing was remembered")
		ask(p, 2, "remembered")
		time.Sleep(5 * time.Second)
		ask(p, 3, "over")
		must(t, c.InvalidateTags(ctx, "t"))
		ask(p, 4, "invalidated")
		must(t, c.Delete(ctx, k))
		ask(p, 5, "deleted")
		p.Refresh = true
		ask(p, 6, "refreshed")
		p.Refresh = false
		must(t, c.Clear(ctx))
		wantDo(t, c, k, p, give("v"), "v")
		must(t, c.Expire(ctx, k))
		p.Stale = -1
		ask(p, 7, "after a value")
	})
}

// The error of a caller who left is nobody else's.
func TestCancellationIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, p := fresh(t, fragment.Options{}), fragment.KeyOf("k"), fragment.Policy{ErrorTTL: time.Hour}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Do(ctx, k, p, takes(time.Minute, "")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		wantDo(t, c, k, p, give("v"), "v")
	})
}

// However many fills fail, few are remembered.
func TestFailuresAreBounded(t *testing.T) {
	c, p := fresh(t, fragment.Options{}), fragment.Policy{ErrorTTL: time.Hour}
	var runs atomic.Int64
	const many = 20_000
	for range 2 {
		for i := range many {
			c.Do(t.Context(), fragment.KeyOf("k", i), p, counted(&runs, fails))
		}
	}
	if n := runs.Load(); n < 2*many-8*512 {
		t.Errorf("%d fills: more errors were remembered than there is room for", n)
	}
}

// An error from before a Delete or a Set of its key is not remembered after it.
func TestOldErrorIsNotRemembered(t *testing.T) {
	for _, b := range []fragment.Backend{fragmenttest.NewMemory(), fragmenttest.NewServer().Connect()} {
		c, k, p := open(t, b, fragment.Options{}), fragment.KeyOf("k"), fragment.Policy{ErrorTTL: time.Hour}
		for what, change := range map[string]func(context.Context) error{
			"Delete": func(ctx context.Context) error { return c.Delete(ctx, k) },
			"Set":    func(ctx context.Context) error { return c.Set(ctx, k, nil, fragment.Policy{TTL: 1}) },
		} {
			_, err := c.Do(t.Context(), k, p, func(ctx context.Context) ([]byte, error) {
				return nil, errors.Join(errFill, change(ctx))
			})
			wantErr(t, what, err, errFill)
			wantDo(t, c, k, p, give(what), what)
			must(t, c.Delete(t.Context(), k))
		}
	}
}

// An error that is kept stays so beside a refill that takes long.
func TestKeptErrorStaysBesideASlowRefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		p := fragment.Policy{
			TTL: time.Second, Stale: 10 * time.Second, ErrorTTL: time.Minute,
			RetryAfter: time.Millisecond, FillSoftTimeout: time.Millisecond, Detach: true,
		}
		wantDo(t, c, k, p, give("old"), "old")
		time.Sleep(2 * time.Second)
		wantDo(t, c, k, p, fails, "old")
		time.Sleep(time.Second)
		wantDo(t, c, k, p, func(ctx context.Context) ([]byte, error) {
			time.Sleep(time.Second)
			fragment.SkipStore(ctx, "")
			return nil, nil
		}, "old")
		time.Sleep(20 * time.Second)
		_, err := c.Do(t.Context(), k, p, give("new"))
		wantErr(t, "Do", err, errFill)
	})
}

// An answer that there is nothing, and that is not to be kept, frees what is stale.
func TestNotFoundThatIsNotStoredFreesTheStale(t *testing.T) {
	for how, say := range map[string]func(ctx context.Context){
		"NotFoundTTL": func(ctx context.Context) {},
		"SetTTL":      func(ctx context.Context) { fragment.SetTTL(ctx, -1) },
		"LimitTTL":    func(ctx context.Context) { fragment.LimitTTL(ctx, 0) },
	} {
		c := fresh(t, fragment.Options{})
		p := fragment.Policy{TTL: time.Hour, Stale: time.Hour}
		if how == "NotFoundTTL" {
			p.NotFoundTTL = -1
		}
		wantDo(t, c, body, p, give("old"), "old")
		must(t, c.Expire(t.Context(), body))
		_, err := c.Do(t.Context(), body, p, func(ctx context.Context) ([]byte, error) {
			say(ctx)
			return nil, fmt.Errorf("no user: %w", fragment.ErrNotFound)
		})
		wantErr(t, how, err, fragment.ErrNotFound)
		got, err := c.Do(t.Context(), body, p, fails)
		if err == nil {
			t.Errorf("%s: then %q, which is said not to be there, is served", how, got)
		}
	}
}
