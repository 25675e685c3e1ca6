package fragment_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// detached is stale for a minute and refilled in the background.
var detached = fragment.Policy{TTL: time.Second, Stale: time.Minute, Detach: true}

// old stores "old" under k and lets it go stale.
func old(t *testing.T, c *fragment.Cache, k fragment.Key, p fragment.Policy) {
	t.Helper()
	wantDo(t, c, k, p, give("old"), "old")
	time.Sleep(p.TTL)
}

// With Detach everybody is served at once, also the first, whose end the refill
// outlives.
func TestDetachedRefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		c, k := fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k")
		old(t, c, k, detached)
		start := time.Now()
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), slug("a key"), "a value"))
		refill := func(ctx context.Context) ([]byte, error) {
			if ctx.Value(slug("a key")) != "a value" {
				t.Error("the refill lost the values of its ctx")
			}
			return takes(10*time.Second, "new")(ctx)
		}
		if got := do(t, ctx, c, k, detached, refill); got != "old" {
			t.Errorf("the first caller got %q, want the stale value", got)
		}
		cancel()
		together(10, func(int) { wantDo(t, c, k, detached, give("not run"), "old") })
		if time.Since(start) != 0 {
			t.Errorf("somebody waited %v", time.Since(start))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wantGet(t, c, k, "new")
		if n := len(w.events(fragment.EventFill)); n != 2 {
			t.Errorf("%d fills, want 2", n)
		}
	})
}

// What a background refill learns belongs to its entry, and not to what its
// caller was filling.
func TestDetachedRefillReportsToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, inner, outer := fresh(t, fragment.Options{}), fragment.KeyOf("inner"), fragment.KeyOf("outer")
		old(t, c, inner, detached)
		refill := func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "private")
			return []byte("new"), nil
		}
		wantDo(t, c, outer, fragment.Policy{IgnoreInner: true}, func(ctx context.Context) ([]byte, error) {
			value, err := c.Do(ctx, inner, detached, refill)
			synctest.Wait()
			return value, err
		}, "old")
		wantGet(t, c, outer, "-") // it is built on a stale part
		wantDo(t, c, inner, fragment.Policy{Stale: time.Minute, RetryAfter: -1}, fails, "old")
	})
}

// FillSoftTimeout is how long one waits for a refill where something stale is at
// hand, and once it has passed, nobody waits again for a while.
func TestSoftTimeout(t *testing.T) {
	p := detached
	p.FillSoftTimeout, p.RetryAfter = time.Second, 3*time.Second
	for _, s := range []struct {
		step  string
		takes time.Duration
		want  string
	}{{"in time", 999 * time.Millisecond, "new"}, {"too late", 1001 * time.Millisecond, "old"}} {
		synctest.Test(t, func(t *testing.T) {
			c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
			old(t, c, k, p)
			start := time.Now()
			together(5, func(int) { wantDo(t, c, k, p, takes(s.takes, "new"), s.want) })
			if got, want := time.Since(start), min(s.takes, time.Second); got != want {
				t.Errorf("%s: they waited %v, want %v", s.step, got, want)
			}
			start = time.Now()
			wantDo(t, c, k, p, give("not run"), s.want)
			if got := time.Since(start); got != 0 {
				t.Errorf("%s: the next waited %v", s.step, got)
			}
			time.Sleep(2 * time.Millisecond)
			wantGet(t, c, k, "new")
		})
	}
}

// The others wait as long, where one refills on its own goroutine.
func TestSoftTimeoutOfWaiters(t *testing.T) {
	p := staleMinute
	p.FillSoftTimeout = time.Second
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		old(t, c, k, p)
		var wg sync.WaitGroup
		wg.Go(func() { wantDo(t, c, k, p, takes(2*time.Second, "new"), "new") })
		synctest.Wait()
		start := time.Now()
		wantDo(t, c, k, p, give("not run"), "old")
		if got := time.Since(start); got != time.Second {
			t.Errorf("it waited %v, want 1s", got)
		}
		wg.Wait()
		wantGet(t, c, k, "new")
	})
}

// A refill that failed is not tried again before RetryAfter.
func TestRetryAfter(t *testing.T) {
	for _, detach := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			p := detached
			p.Detach, p.RetryAfter = detach, 5*time.Second
			c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
			old(t, c, k, p)
			for range 10 { // 9 s in all
				wantDo(t, c, k, p, counted(&runs, fails), "old")
				synctest.Wait()
				time.Sleep(time.Second)
			}
			if runs.Load() != 2 {
				t.Errorf("detached %t: %d tries, want 2", detach, runs.Load())
			}
			must(t, c.Delete(t.Context(), k))
			wantDo(t, c, k, p, give("new"), "new")
			time.Sleep(time.Second)
			p.Detach = false
			wantDo(t, c, k, p, give("newer"), "newer")
		})
	}
}

// At FillTimeout the ctx of a fill ends. A refill in the background that goes on
// is given up, and stored if it comes to an end after all.
func TestFillTimeout(t *testing.T) {
	p := detached
	p.FillTimeout = 2 * time.Second
	deaf := func(d time.Duration, value string) fill {
		return func(ctx context.Context) ([]byte, error) {
			time.Sleep(d)
			if d > p.FillTimeout && !errors.Is(context.Cause(ctx), fragment.ErrFillTimeout) {
				t.Errorf("the cause of its end is %v", context.Cause(ctx))
			}
			return []byte(value), nil
		}
	}
	for _, s := range []struct {
		step    string
		between func(c *fragment.Cache, k fragment.Key)
		want    string
	}{
		{"nothing happens", func(*fragment.Cache, fragment.Key) {}, "late"},
		{"another refill", func(c *fragment.Cache, k fragment.Key) { wantDo(t, c, k, staleMinute, give("newer"), "newer") }, "newer"},
		{"Delete", func(c *fragment.Cache, k fragment.Key) { must(t, c.Delete(t.Context(), k)) }, "-"},
		{"invalidation", func(c *fragment.Cache, k fragment.Key) { must(t, c.InvalidateTags(t.Context(), "t")) }, "-"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := p
			p.Tags = []string{"t"}
			c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
			old(t, c, k, p)
			wantDo(t, c, k, p, deaf(3500*time.Millisecond, "late"), "old")
			time.Sleep(3100 * time.Millisecond) // it is given up, and RetryAfter is over
			s.between(c, k)
			time.Sleep(500 * time.Millisecond)
			synctest.Wait()
			if got, _, _ := c.Get(t.Context(), k); s.want != "-" && string(got) != s.want {
				t.Errorf("%s: %q is stored, want %q", s.step, got, s.want)
			} else if s.want == "-" && got != nil {
				t.Errorf("%s: %q is stored, want nothing", s.step, got)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := fragment.Policy{FillTimeout: time.Second}
		_, err := fresh(t, fragment.Options{}).Do(t.Context(), body, p, takes(time.Hour, ""))
		wantErr(t, "a fill that heeds its ctx", err, context.DeadlineExceeded)
	})
}

// A panic in the background is an Event, and the next try is an ordinary one.
func TestPanicInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		c, k := fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k")
		old(t, c, k, detached)
		w.take()
		wantDo(t, c, k, detached, panics, "old")
		synctest.Wait()
		told := w.events(fragment.EventFill)
		if len(told) != 1 || told[0].Err == nil || !strings.Contains(told[0].Err.Error(), "oh no") {
			t.Errorf("told %+v, want the panic", told)
		}
		time.Sleep(fragment.DefaultRetryAfter)
		wantDo(t, c, k, detached, give("new"), "old")
		synctest.Wait()
		wantGet(t, c, k, "new")
	})
}

// Close ends what runs in the background and waits for it.
func TestCloseEndsTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		old(t, c, k, detached)
		wantDo(t, c, k, detached, func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			ended.Store(true)
			return nil, ctx.Err()
		}, "old")
		must(t, c.Close())
		if !ended.Load() {
			t.Error("Close did not wait")
		}
	})
}

// Early refills ahead of expiry, the likelier the nearer it is, and serves what
// is fresh as a hit.
func TestEarlyRefill(t *testing.T) {
	for _, detach := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, p := fresh(t, fragment.Options{}), fragment.Policy{TTL: 100 * time.Second, Early: 1, Detach: detach}
			ahead := func(left time.Duration) (refills int64) {
				var runs atomic.Int64
				for i := range 500 {
					k := fragment.KeyOf("k", i, int(left))
					c.Do(t.Context(), k, p, takes(time.Second, "v"))
					time.Sleep(p.TTL - left)
					if got := do(t, t.Context(), c, k, p, counted(&runs, give("w"))); got != "v" && detach {
						t.Errorf("got %q", got)
					}
					synctest.Wait()
				}
				return runs.Load()
			}
			// The chance is exp(-left/cost): 37 % at a second, 5 % at three.
			if one, three, twenty := ahead(time.Second), ahead(3*time.Second), ahead(20*time.Second); one < 120 || one > 260 || three < 5 || three > 60 || twenty > 1 {
				t.Errorf("detached %t: of 500 each %d were refilled a second before expiry, %d three, %d twenty", detach, one, three, twenty)
			}
			if s := c.Stats(); s.Stale != 0 {
				t.Errorf("%d stale values were served", s.Stale)
			}
		})
	}
}

// An early refill that fails costs nobody the value.
func TestEarlyRefillThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, p := fresh(t, fragment.Options{}), fragment.KeyOf("k"), fragment.Policy{TTL: time.Minute, Early: 1e6}
		wantDo(t, c, k, p, takes(time.Second, "v"), "v")
		wantDo(t, c, k, p, fails, "v")
		wantDo(t, c, k, p, func(context.Context) ([]byte, error) { t.Error("tried again at once"); return nil, nil }, "v")
	})
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{})
		for i, s := range []struct {
			p    fragment.Policy
			want time.Duration
		}{
			{fragment.Policy{Until: time.Now().Add(time.Hour)}, time.Hour},
			{fragment.Policy{Until: time.Now().Add(time.Hour), TTL: time.Minute}, time.Minute},
			{fragment.Policy{Until: time.Now().Add(time.Second), TTL: fragment.Forever}, time.Second},
			{fragment.Policy{Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), TTL: time.Minute}, time.Minute},
			{fragment.Policy{Until: time.Now().Add(-time.Hour)}, 0},
			{fragment.Policy{Until: time.Unix(0, 0)}, 0},
		} {
			k := fragment.KeyOf("k", i)
			wantDo(t, c, k, s.p, give("v"), "v")
			if left, ok, _ := c.TTL(t.Context(), k); left != s.want || ok != (s.want > 0) {
				t.Errorf("%d: %v left (%t), want %v", i, left, ok, s.want)
			}
		}
	})
}
