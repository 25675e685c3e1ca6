package fragment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// patient waits for longer than any fill here takes.
var patient = fragment.Options{Wait: time.Minute}

// A fill that takes long is still led by one, also where now and again its lease
// cannot be renewed; and the lease is gone with it.
func TestLeaseLastsAsLongAsItsFill(t *testing.T) {
	for what, fault := range map[string]*fragmenttest.Fault{
		"all is well":               nil,
		"each second renewal fails": {On: fragmenttest.Leases, Every: 2, Times: 5},
		"an answer is lost":         {Does: fragmenttest.FailLate, On: fragmenttest.Leases, Every: 2, Times: 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			var faults fragmenttest.Faults
			server, k := fragmenttest.NewServer(), fragment.KeyOf("k")
			one, two := open(t, faults.Wrap(server.Connect()), patient), open(t, server.Connect(), patient)
			var runs atomic.Int64
			slow := counted(&runs, func(ctx context.Context) ([]byte, error) {
				if fault != nil {
					faults.Inject(*fault)
				}
				return takes(10*time.Second, "v")(ctx)
			})
			together(2, func(i int) {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				wantDo(t, []*fragment.Cache{one, two}[i], k, fragment.Policy{TTL: time.Hour}, slow, "v")
			})
			if runs.Load() != 1 {
				t.Errorf("%s: %d fills, want 1", what, runs.Load())
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if _, left := server.Owner("k"); left {
				t.Errorf("%s: the lease is left", what)
			}
		})
	}
}

// A fill that is quick costs no renewal.
func TestQuickFillRenewsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcesses(t, 1, fragment.Options{})
		wantDo(t, p.caches[0], fragment.KeyOf("k"), withTags(), takes(900*time.Millisecond, "v"), "v")
		time.Sleep(10 * time.Second)
		if n := p.server.Trips(); n.Lock != 1 || n.Unlock != 1 {
			t.Errorf("%v, want one Lock and one Unlock", n)
		}
		if n := fragment.HeldBy(p.caches[0]).Tasks; n != 0 {
			t.Errorf("%d goroutines are left", n)
		}
	})
}

// The lease of a process that is no more keeps nobody for longer than it lasts from
// its last renewal on.
func TestLeaseOfAProcessThatDiesAmidAFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 2, patient), fragment.KeyOf("k")
		go p.caches[0].Do(t.Context(), k, withTags(), takes(time.Minute, "never stored"))
		time.Sleep(7500 * time.Millisecond)
		p.conns[0].Cut() // as if it died
		start := time.Now()
		wantDo(t, p.caches[1], k, withTags(), give("v"), "v")
		if d := time.Since(start); d > 2600*time.Millisecond || d < time.Second {
			t.Errorf("the other one filled after %v, want 2.5 s after the last renewal", d)
		}
		p.conns[0].Mend()
		time.Sleep(2 * time.Minute)
	})
}

// One that hangs for good keeps its lease as long as others may wait for it, and no
// longer.
func TestLeaseOfAFillThatHangsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newProcesses(t, 2, fragment.Options{}), fragment.KeyOf("k")
		go p.caches[0].Do(t.Context(), k, withTags(), takes(time.Hour, "late"))
		time.Sleep(10 * time.Second)
		start := time.Now()
		wantDo(t, p.caches[1], k, withTags(), give("v"), "v")
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("the other one waited %v for a fill that hangs", d)
		}
		time.Sleep(2 * time.Hour)
	})
}
