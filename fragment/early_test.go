package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// surely is refilled early by whoever asks.
var surely = fragment.Policy{TTL: time.Minute, Early: 1e9}

// A leader who looks once more, because it has a lease, does not take the value
// that it is to refill early for one that was stored meanwhile.
func TestEarlyRefillUnderALease(t *testing.T) {
	for _, detach := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p, k := surely, fragment.KeyOf("k")
			p.Detach = detach
			c := newProcesses(t, 1, fragment.Options{}).caches[0]
			wantDo(t, c, k, p, takes(time.Second, "old"), "old")
			time.Sleep(time.Second)
			do(t, t.Context(), c, k, p, give("new"))
			synctest.Wait()
			wantGet(t, c, k, "new")
		})
	}
}

// Of many who draw an early refill at the same time, in several processes, one
// refills.
func TestOneEarlyRefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 3, fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, p.caches[0], k, surely, takes(time.Second, "old"), "old")
		time.Sleep(time.Second)
		var runs atomic.Int64
		together(30, func(i int) {
			p.caches[i%3].Do(t.Context(), k, surely, counted(&runs, takes(time.Second, "new")))
		})
		if runs.Load() != 1 {
			t.Errorf("%d refills, want 1", runs.Load())
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
