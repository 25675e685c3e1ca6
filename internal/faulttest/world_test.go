package faulttest_test

import (
	"context"
	"net/url"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	_ "github.com/pongocache/pongocache/fragment/memcachedbackend"
	_ "github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// What a read of the server may take here, more than by default, as the machine may
// run much else at once; and what that may add to anything. How busy it is is told
// by pages that no cache has a part in: see visitors. The slack is that of a quiet
// machine where PONGOCACHE_FAULTS=strict says so, as make faults does: elsewhere
// much more, which still tells who waits for a server that is not there.
const readBudget = 250 * time.Millisecond

var slack = func() time.Duration {
	if os.Getenv("PONGOCACHE_FAULTS") == "strict" {
		return 150 * time.Millisecond
	}
	return 2 * time.Second
}()

// A world is two sites on one server, and those who visit them.
type world struct {
	*testing.T
	server   *servers.Server
	proxy    *servers.Proxy // between the sites and the server
	rows     *ledger
	sites    []*site
	visitors *visitors
}

// A layout is what the caches of the sites are made of.
type layout struct {
	name  string
	start func(t testing.TB) *servers.Server
	url   func(addr string) string
	lag   time.Duration // see ledger
}

var (
	onRedis = layout{
		name:  "redis",
		start: func(t testing.TB) *servers.Server { return servers.Redis(t) },
		url:   func(addr string) string { return "redis://" + addr },
	}
	onMemcached = layout{
		name:  "memcached",
		start: func(t testing.TB) *servers.Server { return servers.Memcached(t) },
		url:   func(addr string) string { return "memcached://" + addr },
	}
	// Others hear of a change by tracking, and of a connection that is lost within
	// two seconds.
	onTiered = layout{
		name:  "tiered",
		start: onRedis.start,
		url: func(addr string) string {
			return "tiered:?near=bigcache%3A&far=" + url.QueryEscape(onRedis.url(addr))
		},
		lag: 2 * time.Second,
	}
	// Each site falls back to its memory, and hears there of no others. What that
	// holds lives for a second, and may be a part of a page that does.
	onFallback = layout{
		name:  "fallback",
		start: onRedis.start,
		url: func(addr string) string {
			return "fallback:?first=" + url.QueryEscape(onRedis.url(addr)) + "&then=bigcache%3A&ttl=1s"
		},
		lag: 3 * time.Second,
	}
)

// newWorld starts a server and two sites on it, and lets the visitors in.
func newWorld(t *testing.T, on layout) *world {
	leavesNothing(t)
	w := &world{T: t, rows: &ledger{lag: on.lag}, server: on.start(t)}
	w.proxy = servers.NewProxy(t, w.server.Addr)
	for range sites {
		w.sites = append(w.sites, newSite(t, w.rows, func(o fragment.Options) *fragment.Cache {
			cache, err := fragment.Open(context.Background(), on.url(w.proxy.Addr), o)
			if err != nil {
				t.Fatal(err)
			}
			return cache
		}))
	}
	w.visitors = newVisitors(t, w.rows, w.sites)
	return w
}

// leavesNothing requires that all goroutines of a test end with it: what the caches
// opened and began has ended with their Close.
func leavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// await waits until done, but not longer than within, and returns how long it took.
func (w *world) await(what string, within time.Duration, done func() bool) time.Duration {
	w.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > within {
			w.Errorf("after %v: want that %s", within, what)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// hitsSince reports whether each site has served a page from its cache that was
// asked for after then, and uses its server.
func (w *world) hitsSince(then time.Time) bool {
	var hits [sites]bool
	visits, _ := w.visitors.between(then, time.Now())
	for _, one := range visits {
		hits[one.site] = hits[one.site] || one.hit
	}
	for i, s := range w.sites {
		if state, _ := s.seen.state(); !hits[i] || state != "closed" {
			return false
		}
	}
	return true
}

// allCurrent reports whether each site shows the last version of each row, also the
// site whose neighbour could not tell the server of it.
func (w *world) allCurrent() bool {
	for from := range w.sites {
		for no := range w.rows.rows {
			text, _, err := w.visitors.ask(from, "cached", no)
			if err != nil || check(text, no, w.rows.rows[no].version.Load()) != nil {
				return false
			}
		}
	}
	return true
}
