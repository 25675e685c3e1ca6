package fragment_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// outages befall the servers of a model, one or two at a time, and the connections of
// its processes.
type outages struct {
	*model
	servers []*fragmenttest.Server
	conns   []*fragmenttest.Conn
	faults  fragmenttest.Faults
}

func newOutages(m *model) *outages {
	o := &outages{model: m}
	for range 3 {
		o.servers = append(o.servers, fragmenttest.NewServer())
	}
	return o
}

// connect returns a Backend over all of the servers, which a process has in that order.
func (o *outages) connect(order []int) *sharded {
	var stores []fragment.Backend
	for _, server := range o.servers {
		conn := server.Connect()
		o.conns, stores = append(o.conns, conn), append(stores, o.faults.Wrap(conn))
	}
	return newSharded(order, stores)
}

// A server that is back has all of its old data, or none, or some; who was cut off from
// it may be one process alone.
func (o *outages) come(ctx context.Context) {
	kinds := []string{"hang", "hang", "down", "killed", "cut", "stuck", "late", "evict"}
	for i := 0; ctx.Err() == nil; i++ {
		if i %= len(kinds); i == 0 {
			rand.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		}
		o.comes(ctx, kinds[i])
		if rand.IntN(3) > 0 { // or another one beside it
			o.end()
			wait(ctx, oneOf(rand.N(100*time.Millisecond), rand.N(100*time.Millisecond), 2*time.Second))
		}
	}
	o.end()
}

func (o *outages) comes(ctx context.Context, outage string) {
	server, conn := oneOf(o.servers...), oneOf(o.conns...)
	o.seen.add("outage: " + outage)
	switch outage {
	case "hang":
		server.Hang()
	case "down", "killed":
		server.Down()
	case "cut":
		conn.Cut()
	case "stuck":
		conn.Hang()
	case "late":
		o.faults.Inject(fragmenttest.Fault{Does: fragmenttest.FailLate, Chance: 0.3})
	case "evict":
		server.Evict(func(string) bool { return rand.IntN(5) == 0 })
	}
	wait(ctx, rand.N(oneOf[time.Duration](10, 100, 400)*time.Millisecond))
	if outage == "killed" {
		server.Flush()
	}
}

func (o *outages) end() {
	for _, server := range o.servers {
		server.Up()
	}
	for _, conn := range o.conns {
		conn.Mend()
	}
	o.faults.Stop()
}

// Over three stores that fail and heal as they like, each process shows nothing from
// before a change that was announced, whoever of them could be told.
func TestModelOfSeveralStores(t *testing.T) {
	m := newModel(t, 30)
	m.partly, m.paired = true, true
	out := newOutages(m)
	for i := range 3 {
		near := inMemory
		if i == 0 {
			near = nil
		}
		o := fragment.Options{ReadTimeout: 10 * time.Millisecond, WriteTimeout: 40 * time.Millisecond, Wait: 100 * time.Millisecond}
		m.newProcess().newSite(true, out.connect(orders[i]), out.connect(orders[i]), near, o)
	}
	m.needs = []string{
		"asked", "announced", "announced in vain", "hit", "miss", "store", "skip: invalidated while it was computed",
		"invalidate: tags", "invalidate: clear", "invalidate: delete", "breaker: open", "breaker: half open", "breaker: closed",
		"outage: hang", "outage: killed", "outage: stuck",
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); out.come(ctx) }()
	m.run(modelTime(t), 24, func() time.Duration { return 0 })
	end()
	<-ended
	m.report()
}
