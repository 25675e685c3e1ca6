package fragment_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

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
