package fragment_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Whoever waits too long fills for itself.
func TestWaitingIsBounded(t *testing.T) {
	for _, row := range []struct {
		name       string
		wait, want time.Duration
	}{
		{"by default", 0, 10 * time.Second},
		{"as set", 3 * time.Second, 3 * time.Second},
		{"a nanosecond", 1, 1},
		{"not at all", -1, 0},
		{"not at all, with a large number", -time.Hour, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, k := fresh(t, fragment.Options{Wait: row.wait}), fragment.KeyOf("k")
			var wg sync.WaitGroup
			wg.Go(func() { wantDo(t, c, k, fragment.Policy{}, takes(time.Minute, "slow"), "slow") })
			synctest.Wait()
			start := time.Now()
			wantDo(t, c, k, fragment.Policy{}, give("own"), "own")
			if waited := time.Since(start); waited != row.want {
				t.Errorf("%s: it waited %v, want %v", row.name, waited, row.want)
			}
			wantGet(t, c, k, "own")
			wg.Wait()
		})
	}
}

// The bound is for all the leaders that hand over, not for each.
func TestWaitingIsBoundedOverAllLeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k := fresh(t, fragment.Options{Wait: 3 * time.Second}), fragment.KeyOf("k")
		panicLater := func() {
			panicOf(func() {
				c.Do(t.Context(), k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
					time.Sleep(2 * time.Second)
					return panics(ctx)
				})
			})
		}
		go panicLater()
		synctest.Wait()
		for range 5 {
			go panicLater()
		}
		synctest.Wait()
		start := time.Now()
		wantDo(t, c, k, fragment.Policy{}, give("own"), "own")
		if waited := time.Since(start); waited > 3*time.Second {
			t.Errorf("it waited %v, want 3s at most", waited)
		}
		time.Sleep(time.Minute)
	})
}

// Callers who do not wait run their fills side by side.
func TestCallersWhoDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, k, start := fresh(t, fragment.Options{Wait: -1}), fragment.KeyOf("k"), time.Now()
		together(50, func(int) {
			wantDo(t, c, k, fragment.Policy{}, counted(&runs, takes(time.Second, "v")), "v")
		})
		if runs.Load() != 50 || time.Since(start) != time.Second {
			t.Errorf("%d fills in %v, want 50 in 1s", runs.Load(), time.Since(start))
		}
		wantGet(t, c, k, "v")
	})
}

// Where each fill is out of date before it ends, those who wait do not do so in
// line.
func TestNobodyWaitsInLineForWhatIsOutdated(t *testing.T) {
	for what, outdates := range map[string]func(ctx context.Context, c *fragment.Cache, k fragment.Key) error{
		"its own tag": func(ctx context.Context, c *fragment.Cache, _ fragment.Key) error { return c.InvalidateTags(ctx, "t") },
		"its own key": func(ctx context.Context, c *fragment.Cache, k fragment.Key) error { return c.Delete(ctx, k) },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, k, start := fresh(t, fragment.Options{}), fragment.KeyOf("k"), time.Now()
			together(100, func(int) {
				wantDo(t, c, k, fragment.Policy{Tags: []string{"t"}}, func(ctx context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return []byte("v"), outdates(ctx, c, k)
				}, "v")
			})
			if d := time.Since(start); d > 3*time.Second {
				t.Errorf("%s: a hundred took %v, want three fills at most", what, d)
			}
		})
	}
}

// A Backend that hangs is noticed also where callers do not wait for it as long
// as it may take.
func TestBreakerOpensForHurriedCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fragmenttest.NewServer()
		c, start := open(t, server.Connect(), fragment.Options{}), time.Now()
		server.Hang()
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), 80*time.Millisecond)
			c.Do(ctx, fragment.KeyOf("k"), fragment.Policy{}, give("v"))
			cancel()
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("a hundred took %v, want those of five faults", d)
		}
	})
}
