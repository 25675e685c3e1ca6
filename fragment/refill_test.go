package fragment_test

import (
	"context"
	"errors"
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

// The later error is the one that is remembered, or none.
func TestLaterErrorReplacesTheEarlier(t *testing.T) {
	c := fresh(t, fragment.Options{})
	first, second := errors.New("first"), errors.New("second")
	failing := func(err error) fill { return func(context.Context) ([]byte, error) { return nil, err } }
	_, err := c.Do(t.Context(), body, fragment.Policy{ErrorTTL: time.Minute}, failing(first))
	wantErr(t, "first", err, first)
	_, err = c.Do(t.Context(), body, fragment.Policy{ErrorTTL: -1, RetryAfter: -1, Refresh: true}, failing(second))
	wantErr(t, "second", err, second)
	_, err = c.Do(t.Context(), body, fragment.Policy{}, give("v"))
	if err != nil {
		t.Errorf("an error older than the last answer: %v", err)
	}
}

// A fill that keeps its answer for itself is no failure: the next one fills.
func TestReleaseIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fresh(t, fragment.Options{})
		p := fragment.Policy{TTL: time.Minute, Stale: time.Hour, FillSoftTimeout: 10 * time.Second, RetryAfter: time.Minute}
		wantDo(t, c, body, p, give("old"), "old")
		time.Sleep(2 * time.Minute)
		go c.Do(t.Context(), body, p, func(ctx context.Context) ([]byte, error) {
			time.Sleep(time.Second)
			fragment.SkipStore(ctx, "mine")
			return []byte("mine"), nil
		})
		synctest.Wait()
		go c.Do(t.Context(), body, p, give("other"))
		time.Sleep(5 * time.Second)
		wantDo(t, c, body, p, give("new"), "new")
	})
}
