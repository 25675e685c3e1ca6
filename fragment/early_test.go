package fragment_test

import (
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
