package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment"
)

// eightOn asks for so many parts that lie on a server, each in its turn.
func (c *cluster) eightOn(ctx context.Context, server int) {
	c.Helper()
	for _, k := range keysOn(server, 8) {
		if got, err := c.caches[0].Do(ctx, k, withTags(), give("p")); string(got) != "p" || err != nil {
			c.Errorf("part: got %q, error %v", got, err)
		}
	}
}

// A request waits once for one of several servers that hangs, and not for the others.
func TestServerOfSeveralThatHangsCostsARequestOneBudget(t *testing.T) {
	for what, o := range both {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 1, o)
			ctx := fragment.Request(t.Context())
			c.eightOn(ctx, 1)
			c.servers[0].Hang()
			spends(t, readBudget, what+": eight parts", func() { c.eightOn(ctx, 0) })
			spends(t, 0, what+": eight more", func() { c.eightOn(ctx, 0) })
			hits := c.caches[0].Stats().Hits
			spends(t, 0, what+": eight on another server", func() { c.eightOn(ctx, 1) })
			if n := c.caches[0].Stats().Hits - hits; n != 8 {
				t.Errorf("%s: got %d hits of 8 on another server", what, n)
			}
		})
	}
}

// Nor does a page that lies on another server than its parts, one of whose tags has its
// stamp beside these.
func TestServerOfSeveralThatHangsCostsAPageOneBudget(t *testing.T) {
	for what, o := range both {
		synctest.Test(t, func(t *testing.T) {
			c, k := newCluster(t, 1, o), keysOn(1, 1)[0]
			page := func(ctx context.Context) ([]byte, error) {
				c.servers[0].Hang()
				c.eightOn(ctx, 0)
				fragment.AddTags(ctx, tagOn(0))
				return []byte("page"), nil
			}
			c.eightOn(t.Context(), 0)
			spends(t, readBudget, what+": a page", func() { wantDo(t, c.caches[0], k, withTags(), page, "page") })
		})
	}
}
