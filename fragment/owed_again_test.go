package fragment_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// An invalidation that fails while an earlier one of the same is made up for is
// owed as well:
//
//	the tag is invalidated in the background;
//	another process stores what was true then;
//	the next invalidation fails;
//	what was owed before is taken for all.
func TestInvalidationThatFailsWhileOneIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ctx, k := newSteppers(t, 2, fragment.Options{MaxFaults: -1}), t.Context(), fragment.KeyOf("k")
		here, there := p.caches[0], p.caches[1]
		p.conns[0].after = first(movesSlots, func() {
			wantDo(t, there, k, withTags("t"), give("old"), "old")
			p.conns[0].Cut()
			wantErr(t, "InvalidateTags", here.InvalidateTags(ctx, "t"), errUnreachable)
			p.conns[0].Mend()
		})
		p.conns[0].Cut()
		wantErr(t, "InvalidateTags", here.InvalidateTags(ctx, "t"), errUnreachable)
		p.conns[0].Mend()
		time.Sleep(150 * time.Millisecond)
		wantGet(t, there, k, "old") // whom nobody could tell
		wantGet(t, here, k, "-")
		time.Sleep(2 * time.Second)
		wantGet(t, there, k, "-")
		wantDo(t, here, k, withTags("t"), give("new"), "new")
		wantGet(t, here, k, "new")
	})
}

// What is owed to several caches is not held up by one that was closed.
func TestWhatIsOwedWithAClosedCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, ctx, k := fragmenttest.NewServer(), t.Context(), fragment.KeyOf("k")
		conn := server.Connect()
		one := open(t, conn, fragment.Options{Prefix: "one", MaxFaults: -1})
		two := open(t, server.Connect(), fragment.Options{Prefix: "two", MaxFaults: -1})
		there := open(t, server.Connect(), fragment.Options{Prefix: "one"})
		var r fragment.Registry
		must(t, r.Use("one", one))
		must(t, r.Use("two", two))
		wantDo(t, one, k, withTags("t"), give("old"), "old")
		conn.Cut()
		wantErr(t, "InvalidateTags", r.InvalidateTags(ctx, "t"), errUnreachable)
		must(t, two.Close())
		conn.Mend()
		wantGet(t, there, k, "old") // whom nobody could tell
		time.Sleep(5 * time.Second)
		wantGet(t, there, k, "-")
		wantDo(t, one, k, withTags("t"), give("new"), "new")
		wantGet(t, one, k, "new")
	})
}

// Of keys that are too many to be remembered none is served, from the moment on
// when they are not.
func TestNoneOfTooManyDebtsIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults fragmenttest.Faults
		server, ctx, k := fragmenttest.NewServer(), t.Context(), fragment.KeyOf("k", 0)
		c := open(t, faults.Wrap(server.Connect()), fragment.Options{MaxFaults: -1})
		wantDo(t, c, k, withTags(), give("old"), "old")
		faults.Inject(fragmenttest.Fault{On: fragmenttest.Writes | fragmenttest.Deletes})
		for i := range 10_500 {
			wantErr(t, "Delete", c.Delete(ctx, fragment.KeyOf("k", i)), fragmenttest.ErrInjected)
		}
		wantGet(t, c, k, "-")
		faults.Stop()
		time.Sleep(5 * time.Second)
		wantGet(t, c, k, "-")
		wantDo(t, c, k, withTags(), give("new"), "new")
		wantGet(t, c, k, "new")
	})
}
