package fragment_test

import (
	"context"
	"fmt"
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

// A Sharder that does not know where a key is breaks no page.
func TestSharderThatIsWrong(t *testing.T) {
	for what, shardOf := range map[string]func(string) int{
		"too high": func(string) int { return 7 }, "negative": func(string) int { return -1 }, "panics": func(string) int { panic("no shard") },
	} {
		stores := []fragment.Backend{fragmenttest.NewServer().Connect(), fragmenttest.NewServer().Connect()}
		c := open(t, &lost{stores[0], stores, shardOf}, fragment.Options{})
		for range 2 {
			got, err := c.Do(t.Context(), fragment.KeyOf(what), withTags("t"), give("v"))
			if string(got) != "v" || err != nil {
				t.Errorf("%s: got %q, error %v", what, got, err)
			}
		}
		must(t, c.InvalidateTags(t.Context(), "t"))
	}
}

type lost struct {
	fragment.Backend
	stores  []fragment.Backend
	shardOf func(string) int
}

func (l *lost) Shards() []fragment.Backend { return l.stores }
func (l *lost) ShardOf(key string) int     { return l.shardOf(key) }
