package fragment_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Clear while one server is away is an error. What lies on the others is gone and can
// be stored anew; what lies on that one stays away, and goes when it is back.
func TestClearWhileOneServerIsAway(t *testing.T) {
	for dead := range 3 {
		synctest.Test(t, func(t *testing.T) {
			c, ctx := newCluster(t, 2, fragment.Options{}), t.Context()
			here, there := c.caches[0], c.caches[1]
			on, elsewhere := keysOn(dead, 1)[0], keysOn((dead+1)%3, 2)
			for _, k := range append(slices.Clone(elsewhere), on) {
				wantDo(t, here, k, withTags(), give("old"), "old")
			}
			c.down(dead, (*fragmenttest.Server).Hang)
			if err := here.Clear(ctx); !errors.Is(err, fragment.ErrDown) {
				t.Errorf("Clear: got error %v, want one that tells of server %d", err, dead)
			}
			for _, cache := range c.caches {
				wantGet(t, cache, elsewhere[0], "-")
			}
			wantDo(t, here, elsewhere[0], withTags(), give("new"), "new")
			wantGet(t, there, elsewhere[0], "new")
			c.servers[dead].Up()
			wantGet(t, here, on, "-")
			time.Sleep(2 * time.Second)
			for _, cache := range c.caches {
				wantGet(t, cache, on, "-")
			}
			wantDo(t, here, on, withTags(), give("new"), "new")
			wantGet(t, there, on, "new")
			if held := fragment.HeldBy(here); !held.IsIdle() {
				t.Errorf("still held: %+v", held)
			}
		})
	}
}

// What another process made, on a server that was told, of a part on one that was not,
// does not stay when that one is told.
func TestClearThatWasToldInPartsLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := newCluster(t, 2, fragment.Options{}), t.Context()
		here, there := c.caches[0], c.caches[1]
		part, page := keysOn(0, 1)[0], keysOn(1, 1)[0]
		wantDo(t, there, part, withTags(), give("old"), "old")
		c.conns[0][0].Cut() // of here alone
		if err := here.Clear(ctx); err == nil {
			t.Error("Clear: got no error")
		}
		wantDo(t, there, page, withTags(), func(ctx context.Context) ([]byte, error) {
			return there.Do(ctx, part, withTags(), give("not run"))
		}, "old")
		c.conns[0][0].Mend()
		time.Sleep(2 * time.Second)
		for _, cache := range c.caches {
			wantGet(t, cache, part, "-")
			wantGet(t, cache, page, "-")
		}
	})
}

// What is owed to one server does not keep another one, that is back, waiting.
func TestDebtsOfServersArePaidApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := newCluster(t, 2, fragment.Options{}), t.Context()
		here, there := c.caches[0], c.caches[1]
		keys := []fragment.Key{keysOn(2, 1)[0], keysOn(2, 2)[1]}
		for i, k := range keys {
			wantDo(t, here, k, withTags(tagOn(i)), give("old"), "old")
		}
		for _, dead := range []int{0, 1} {
			c.down(dead, (*fragmenttest.Server).Hang)
		}
		if err := here.InvalidateTags(ctx, tagOn(0), tagOn(1)); err == nil {
			t.Error("InvalidateTags: got no error")
		}
		c.servers[0].Up()
		time.Sleep(2 * time.Second)
		wantGet(t, there, keys[0], "-")
		wantDo(t, here, keys[0], withTags(tagOn(0)), give("new"), "new")
		wantGet(t, there, keys[0], "new")
		wantGet(t, here, keys[1], "-")
		c.servers[1].Up()
		time.Sleep(2 * time.Second)
		wantGet(t, there, keys[1], "-")
		wantGet(t, there, keys[0], "new")
	})
}

// A Set that cannot be done on one server is owed to that one alone.
func TestSetManyWhileOneServerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, ctx := newCluster(t, 2, fragment.Options{}), t.Context()
		c.down(1, (*fragmenttest.Server).Hang)
		items := make(map[fragment.Key][]byte)
		for server := range 3 {
			items[keysOn(server, 1)[0]] = []byte("v")
		}
		if err := c.caches[0].SetMany(ctx, items, withTags()); err == nil {
			t.Error("SetMany: got no error")
		}
		for server, want := range []string{"v", "-", "v"} {
			for _, cache := range c.caches {
				wantGet(t, cache, keysOn(server, 1)[0], want)
			}
		}
		if held := fragment.HeldBy(c.caches[0]); held.OwedKeys != 1 {
			t.Errorf("%d keys are owed, want the one on the server that is away", held.OwedKeys)
		}
		found, err := c.caches[1].GetMany(ctx, slices.Collect(maps.Keys(items)))
		if len(found) != 2 || err != nil {
			t.Errorf("GetMany: got %d, error %v, want the two that are stored", len(found), err)
		}
	})
}

// A fallback that processes share is asked for what lies on the server that is away,
// and for nothing else.
func TestFallbackForOneServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fallback := open(t, fragmenttest.NewServer().Connect(), fragment.Options{})
		c := newCluster(t, 1, fragment.Options{Fallback: fallback})
		cache, on, elsewhere := c.caches[0], keysOn(0, 1)[0], keysOn(1, 1)[0]
		c.down(0, (*fragmenttest.Server).Down)
		wantDo(t, cache, on, withTags(), give("v"), "v")
		wantDo(t, cache, elsewhere, withTags(), give("w"), "w")
		wantGet(t, cache, on, "v")
		wantGet(t, fallback, on, "v")
		wantGet(t, fallback, elsewhere, "-")
	})
}

// One that is of this process is not: another one invalidates on the servers that are
// left, with success, and this one is not told.
func TestFallbackOfOneProcessWaitsForAllServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fallback := fresh(t, fragment.Options{})
		c := newCluster(t, 1, fragment.Options{Fallback: fallback})
		var stores []fragment.Backend
		for _, server := range c.servers {
			stores = append(stores, server.Connect())
		}
		there := open(t, newSharded(orders[0], stores), fragment.Options{})
		here, on, tag := c.caches[0], keysOn(0, 1)[0], tagOn(1)
		c.down(0, (*fragmenttest.Server).Down)
		wantDo(t, here, on, withTags(tag), give("old"), "old")
		must(t, there.InvalidateTags(t.Context(), tag))
		wantDo(t, here, on, withTags(tag), give("new"), "new")
		c.servers[1].Down()
		c.servers[2].Down()
		for range 10 {
			here.Get(t.Context(), keysOn(1, 1)[0])
			here.Get(t.Context(), keysOn(2, 1)[0])
		}
		wantDo(t, here, on, withTags(tag), give("last"), "last")
		wantGet(t, fallback, on, "last")
	})
}

// What StoreWith stores beside an entry may lie on another server, and be cleared there.
func TestCompanionOnAnotherServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 2, fragment.Options{})
		k, beside := keysOn(0, 1)[0], keysOn(1, 1)[0]
		for _, cache := range c.caches {
			wantDo(t, cache, k, withTags(), func(ctx context.Context) ([]byte, error) {
				fragment.StoreWith(ctx, beside, []byte("beside"))
				return []byte("v"), nil
			}, "v")
			wantGet(t, c.caches[1], beside, "beside")
			must(t, c.caches[1].Clear(t.Context()))
			wantGet(t, c.caches[0], beside, "-")
		}
	})
}
