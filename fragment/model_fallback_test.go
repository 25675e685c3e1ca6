package fragment_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Processes that fall back, each now and then and one cache alone or both, show what
// they announce themselves at once, and what others announce a moment later; and what
// they hold meanwhile is never shown by those who were told better.
func TestModelFallsBack(t *testing.T) {
	m, server := newModel(t, 6), fragmenttest.NewServer()
	var conns []*fragmenttest.Conn
	for i := range 3 {
		o := fragment.Options{Wait: 200 * time.Millisecond, WriteTimeout: 300 * time.Millisecond}
		if i > 0 {
			o.FallbackTTL = 50 * time.Millisecond
		}
		loaders, pages := server.Connect(), server.Connect()
		m.newProcess().newSite(true, loaders, pages, nil, o)
		if i > 0 {
			conns = append(conns, loaders, pages)
		}
	}
	m.needs = []string{
		"breaker: open", "breaker: closed", "fallback: hit", "fallback: store", "fallback: invalidate", "announced in vain",
		"skip: it was built on a part from a fallback, and others would find it",
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn := oneOf(conns...)
			conn.Cut()
			on := wait(ctx, 100*time.Millisecond+rand.N(300*time.Millisecond))
			conn.Mend()
			if !on || !wait(ctx, rand.N(2*time.Second)) {
				return
			}
		}
	}()
	m.run(modelTime(t), 16, func() time.Duration { return 0 })
	end()
	<-ended
	m.report()
}
