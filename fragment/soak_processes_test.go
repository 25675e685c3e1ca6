package fragment_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// weather is what befalls a server, and the connections of its processes.
type weather struct {
	*soak
	server *fragmenttest.Server
	conns  [][]*fragmenttest.Conn // of each process

	nuisances []fragmenttest.Fault
}

// Over a server that three processes share.
func TestSoakOfProcesses(t *testing.T) {
	if soakTime(t) == 0 {
		return
	}
	leaves := goroutines(t)
	s := newSoak(t)
	flips := fragmenttest.Fault{Does: fragmenttest.Flip, Chance: 0.01}
	w := &weather{soak: s, server: fragmenttest.NewServer(), nuisances: append([]fragmenttest.Fault{flips}, nuisances...)}
	w.calm()
	memory := new(fragmenttest.Faults) // which is trusted with the bits of a value
	memory.Inject(nuisances...)
	memory.Inject(failures...)
	for i := range 3 {
		near := func() fragment.Backend { return memory.Wrap(fragmenttest.NewMemory()) }
		if i == 0 {
			near = nil
		}
		conns := []*fragmenttest.Conn{w.server.Connect(), w.server.Connect()}
		w.conns = append(w.conns, conns)
		o := fragment.Options{Wait: 200 * time.Millisecond, WriteTimeout: 300 * time.Millisecond}
		if i == 2 {
			o.FallbackTTL = 100 * time.Millisecond
		}
		s.newProcess().newSite(true, s.faults.Wrap(conns[0]), s.faults.Wrap(conns[1]), near, o)
	}
	if soakTime(t) >= long {
		s.needs = []string{
			"breaker: open", "breaker: half open", "breaker: closed", "announced in vain", "fallback: hit", "fallback: store",
			"wait: another process filled it", "stale: another process refills", "stale: it is refilled in the background",
			"skip: invalidated while it was computed", "storm: down", "storm: hang", "storm: flush", "storm: evict", "storm: cut", "storm: failures",
		}
	}
	s.soak(w.change, w.calm)
	s.close()
	leaves()
}

// change lets storms come and go. After most of them a breaker is open for some
// seconds.
func (w *weather) change(ctx context.Context) {
	storms := []string{"down", "hang", "cut", "failures", "flush", "evict", "evict", "evict"}
	for i := 0; ; i++ {
		if i %= len(storms); i == 0 { // each comes about once in a while
			rand.Shuffle(len(storms), func(i, j int) { storms[i], storms[j] = storms[j], storms[i] })
		}
		storm := storms[i]
		w.seen.add("storm: " + storm)
		w.begin(storm)
		if !wait(ctx, rand.N(300*time.Millisecond)) {
			return
		}
		w.calm()
		fair := oneOf(100*time.Millisecond, 3*time.Second, 5*time.Second)
		if storm == "flush" || storm == "evict" {
			fair = rand.N(300 * time.Millisecond)
		}
		if !wait(ctx, fair) {
			return
		}
	}
}

func (w *weather) begin(storm string) {
	one := oneOf(oneOf(w.conns...)...)
	switch storm {
	case "down":
		w.server.Down()
	case "hang":
		oneOf(w.server.Hang, one.Hang)()
	case "cut":
		one.Cut()
	case "failures":
		w.faults.Inject(failures...)
	case "flush":
		w.server.Flush()
	case "evict":
		w.server.Evict(func(string) bool { return rand.IntN(5) == 0 })
	}
}

// calm ends all that goes wrong, but for the nuisances.
func (w *weather) calm() {
	w.server.Up()
	w.faults.Stop()
	w.faults.Inject(w.nuisances...)
	for _, conns := range w.conns {
		for _, one := range conns {
			one.Mend()
		}
	}
}

// wait waits for d; it reports false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
