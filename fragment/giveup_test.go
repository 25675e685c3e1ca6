package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Without a FillTimeout the ctx of a refill in the background ends at
// DefaultFillTimeout.
func TestBackgroundHasATimeoutOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, p := fresh(t, fragment.Options{}), fragment.KeyOf("k"), detached
		p.Stale = time.Hour
		old(t, c, k, p)
		ended, start := make(chan error, 1), time.Now()
		wantDo(t, c, k, p, func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return nil, ctx.Err()
		}, "old")
		wantErr(t, "the end of the ctx", <-ended, fragment.ErrFillTimeout)
		if d := time.Since(start); d != fragment.DefaultFillTimeout {
			t.Errorf("the ctx ended after %v, want %v", d, fragment.DefaultFillTimeout)
		}
	})
}

// A refill in the background that panics, or is given up, is not tried again
// before RetryAfter.
func TestRetryAfterInTheBackground(t *testing.T) {
	for what, f := range map[string]fill{
		"panics":      panics,
		"is given up": func(context.Context) ([]byte, error) { time.Sleep(time.Hour); return nil, errFill },
	} {
		synctest.Test(t, func(t *testing.T) {
			var runs atomic.Int64
			c, k, p := fresh(t, fragment.Options{}), fragment.KeyOf("k"), detached
			p.Stale, p.FillTimeout, p.RetryAfter = time.Hour, time.Second, 10*time.Second
			old(t, c, k, p)
			for range 20 {
				wantDo(t, c, k, p, counted(&runs, f), "old")
				time.Sleep(time.Second)
			}
			if got := runs.Load(); got != 2 {
				t.Errorf("a refill that %s: %d tries in 20 s, want 2", what, got)
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// What a background refill says of its answer does not go for a page that is made
// of the one before it.
func TestEarlyRefillReportsToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, part, page := surely, fragment.KeyOf("part"), fragment.KeyOf("page")
		p.Detach = true
		c := fresh(t, fragment.Options{})
		wantDo(t, c, part, p, takes(time.Second, "old"), "old")
		time.Sleep(time.Second)
		refilled := false
		wantDo(t, c, page, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			value, err := c.Do(ctx, part, p, func(ctx context.Context) ([]byte, error) {
				refilled = true
				fragment.DoNotStore(ctx, "private")
				return []byte("new"), nil
			})
			synctest.Wait()
			return value, err
		}, "old")
		wantGet(t, c, page, "old")
		if !refilled {
			t.Error("the part was not refilled")
		}
	})
}

// An error that is remembered is forgotten when a value is stored, and does not
// come back when that has expired.
func TestStoredValueEndsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
		p := fragment.Policy{TTL: time.Second, Stale: -1, ErrorTTL: time.Hour}
		_, err := c.Do(t.Context(), k, p, fails)
		wantErr(t, "Do", err, errFill)
		refresh := p
		refresh.Refresh = true
		wantDo(t, c, k, refresh, give("v"), "v")
		time.Sleep(2 * time.Second)
		wantDo(t, c, k, p, give("new"), "new")
	})
}
