package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// cluster are caches on three servers, as several processes would have them, each in
// an order of its own.
type cluster struct {
	*testing.T
	servers []*fragmenttest.Server
	conns   [][]*fragmenttest.Conn // of each process
	caches  []*fragment.Cache
	seen    []*fragmenttest.Recorder
}

func newCluster(t *testing.T, processes int, o fragment.Options) *cluster {
	c := &cluster{T: t}
	for range 3 {
		c.servers = append(c.servers, fragmenttest.NewServer())
	}
	for i := range processes {
		var conns []*fragmenttest.Conn
		var stores []fragment.Backend
		for _, server := range c.servers {
			conn := server.Connect()
			conns, stores = append(conns, conn), append(stores, conn)
		}
		seen := new(fragmenttest.Recorder)
		o.Observe = seen.Observe
		c.conns, c.seen = append(c.conns, conns), append(c.seen, seen)
		c.caches = append(c.caches, open(t, newSharded(orders[i%len(orders)], stores), o))
	}
	return c
}

// keysOn returns n keys whose entries lie on a server.
func keysOn(server, n int) (keys []fragment.Key) {
	for i := 0; len(keys) < n; i++ {
		if k := fragment.KeyOf("k", i); numberOf(fragment.TextOf(k), 3) == server {
			keys = append(keys, k)
		}
	}
	return keys
}

// tagOn returns a tag whose stamp lies on a server.
func tagOn(server int) string {
	for i := 0; ; i++ {
		if tag := fmt.Sprint("tag", i); numberOf(fragment.StampKey(tag), 3) == server {
			return tag
		}
	}
}

// down lets a server fail, and waits until each cache leaves it alone.
func (c *cluster) down(server int, how func(*fragmenttest.Server)) {
	c.Helper()
	how(c.servers[server])
	for _, cache := range c.caches {
		for range 10 {
			cache.Get(c.Context(), keysOn(server, 1)[0])
		}
		if !fragment.HeldBy(cache).Down {
			c.Fatal("the breaker of a server that fails did not open")
		}
	}
}

var ways = map[string]func(*fragmenttest.Server){"down": (*fragmenttest.Server).Down, "hang": (*fragmenttest.Server).Hang}

// Whichever server fails: what lies on the others is served and stored, tags there are
// invalidated, and that costs no time.
func TestOneServerOfThreeFails(t *testing.T) {
	for name, fail := range ways {
		for dead := range 3 {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, 2, fragment.Options{})
				here, there, ctx := c.caches[0], c.caches[1], t.Context()
				alive, other := (dead+1)%3, (dead+2)%3
				kept, new, tag := keysOn(alive, 2), keysOn(other, 4), tagOn(other)
				wantDo(t, here, kept[0], withTags(), give("v"), "v")
				wantDo(t, here, kept[1], withTags(tag), give("v"), "v")
				c.down(dead, fail)
				start := time.Now()
				for _, cache := range c.caches {
					wantGet(t, cache, kept[0], "v")
					wantGet(t, cache, kept[1], "v")
				}
				wantDo(t, here, new[0], withTags(), give("w"), "w")
				wantDo(t, there, new[0], withTags(), give("x"), "w")
				late := func(ctx context.Context) ([]byte, error) { fragment.AddTags(ctx, tag); return []byte("l"), nil }
				wantDo(t, here, new[1], withTags(), late, "l")
				wantGet(t, there, new[1], "l")
				must(t, there.Set(ctx, new[2], []byte("s"), withTags(tag)))
				wantGet(t, here, new[2], "s")
				must(t, here.InvalidateTags(ctx, tag))
				for _, k := range []fragment.Key{kept[1], new[1], new[2]} {
					wantGet(t, there, k, "-")
				}
				must(t, here.Delete(ctx, kept[0]))
				wantGet(t, there, kept[0], "-")
				if d := time.Since(start); d > 0 {
					t.Errorf("%s: with server %d left alone all of it took %v, want no time", name, dead, d)
				}
			})
		}
	}
}

// A server that fails costs those who ask for nothing that lies on it no time even
// before that was found out, if they are hits.
func TestHitsDoNotAskOtherServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, fragment.Options{})
		k := keysOn(0, 1)[0]
		wantDo(t, c.caches[0], k, withTags(tagOn(1)), give("v"), "v")
		c.servers[2].Hang()
		c.servers[0].ResetTrips()
		start := time.Now()
		wantDo(t, c.caches[0], k, withTags(tagOn(1)), give("w"), "v")
		if d, trips := time.Since(start), c.servers[0].Trips().All(); d > 0 || trips != 1 {
			t.Errorf("a hit took %v and %d trips to its server, want no time and one", d, trips)
		}
	})
}

// The first calls to a server that hangs cost a read each, and then nobody waits.
func TestServerThatHangsCostsItsBudgetAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, fragment.Options{})
		c.servers[1].Hang()
		start := time.Now()
		for i := range 100 {
			wantDo(t, c.caches[0], fragment.KeyOf("k", i), withTags(), give("v"), "v")
		}
		if d := time.Since(start); d > 10*readBudget {
			t.Errorf("100 fills beside a server that hangs took %v, want a few times %v", d, readBudget)
		}
		hits := 0
		for i := range 100 {
			if _, ok, _ := c.caches[0].Get(t.Context(), fragment.KeyOf("k", i)); ok {
				hits++
			}
		}
		if hits < 50 {
			t.Errorf("got %d hits of 100 with one server of three hanging, want two thirds", hits)
		}
		if opened := c.seen[0].Events(fragment.EventBreaker); len(opened) != 1 || opened[0].Shard != 2 {
			t.Errorf("breakers: %v, want that of server 1 alone, which is shard 2", opened)
		}
	})
}

// What could not be told to a server that stood still, and is back with all it had, is
// not served meanwhile, nor when it is back; and within two seconds it is in use again.
func TestServerThatStoodStillBringsNothingBack(t *testing.T) {
	for name, fail := range ways {
		for dead := range 3 {
			synctest.Test(t, func(t *testing.T) {
				c, ctx := newCluster(t, 2, fragment.Options{}), t.Context()
				here, there, on := c.caches[0], c.caches[1], keysOn(dead, 4)
				elsewhere, tag := keysOn((dead+1)%3, 2), tagOn(dead)
				wantDo(t, here, on[0], withTags(), give("old"), "old")
				wantDo(t, here, on[1], withTags(tagOn((dead+1)%3)), give("old"), "old")
				wantDo(t, here, elsewhere[0], withTags(tag), give("old"), "old")
				wantDo(t, here, on[2], withTags(), give("old"), "old")
				c.down(dead, fail)
				if err := here.InvalidateTags(ctx, tag); err == nil {
					t.Errorf("%s: InvalidateTags of a tag on server %d, which is away: got no error", name, dead)
				}
				must(t, here.InvalidateTags(ctx, tagOn((dead+1)%3)))
				if err := here.Delete(ctx, on[0], elsewhere[1]); err == nil {
					t.Errorf("%s: Delete of a key on server %d, which is away: got no error", name, dead)
				}
				c.servers[dead].Up()
				for _, cache := range c.caches {
					wantGet(t, cache, on[1], "-")
				}
				wantGet(t, here, elsewhere[0], "-")
				wantGet(t, here, on[0], "-")
				for range 200 {
					time.Sleep(10 * time.Millisecond)
					wantGet(t, there, elsewhere[0], "-") // not even for a moment
				}
				for _, cache := range c.caches {
					for _, k := range []fragment.Key{on[0], on[1], elsewhere[0]} {
						wantGet(t, cache, k, "-")
					}
				}
				wantGet(t, there, on[2], "old") // was not invalidated
				wantDo(t, here, on[3], withTags(tag), give("new"), "new")
				wantGet(t, there, on[3], "new")
				if held := fragment.HeldBy(here); !held.IsIdle() {
					t.Errorf("%s: still held: %+v", name, held)
				}
			})
		}
	}
}

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

// A fallback is asked for what lies on the server that is away, and for nothing else.
func TestFallbackForOneServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fallback := fresh(t, fragment.Options{})
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
