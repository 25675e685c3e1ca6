package fragment_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// What was fetched ahead from a server is not served when it is told that another
// process has cleared that one, though it could not clear the others.
func TestAheadHeedsAClearOfOneServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 2, fragment.Options{Near: inMemory(), NearTTL: time.Millisecond})
		here, there, keys, ahead := c.caches[0], c.caches[1], keysOn(1, 2), new(fragment.Ahead)
		turn := func(between func(), want string) {
			time.Sleep(2 * time.Millisecond) // copies near end
			ctx, done := ahead.Fetch(t.Context())
			defer done()
			time.Sleep(2 * time.Millisecond)
			between()
			for _, k := range keys {
				if got := do(t, ctx, here, k, withTags(), give("new")); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
		for _, k := range keys {
			wantDo(t, here, k, withTags(), give("old"), "old")
		}
		turn(func() {}, "old")
		turn(func() {}, "old")
		c.conns[1][0].Cut()
		turn(func() {
			if there.Clear(t.Context()) == nil {
				t.Error("Clear with one server away: got no error")
			}
		}, "new")
	})
}
