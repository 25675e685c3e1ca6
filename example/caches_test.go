package main_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	main "github.com/pongocache/pongocache/example"
	"github.com/pongocache/pongocache/internal/servers"
)

// The site is the same on whatever keeps its entries.
func TestWalkOnEachKindOfCache(t *testing.T) {
	redis, memcached := servers.Redis(t).Addr, servers.Memcached(t).Addr
	inner := url.QueryEscape
	for name, cache := range map[string]string{
		"memory":    "memory://?size=8MiB",
		"file":      "file://" + filepath.Join(t.TempDir(), "cache"),
		"redis":     "redis://" + redis + "/0",
		"memcached": "memcached://" + memcached,
		"tiered":    "tiered:?near=" + inner("bigcache://?size=8MiB") + "&far=" + inner("redis://"+redis+"/1"),
		"fallback":  "fallback:?first=" + inner("redis://"+redis+"/2") + "&then=" + inner("memory://?size=8MiB"),
	} {
		t.Run(name, func(t *testing.T) {
			w := walk{visit(t, main.Config{Cache: cache}), map[string]string{}}
			w.cold()
			w.warm()
			w.afterAddingUser()
			w.afterClearing()
			w.figures()
		})
	}
}

// Two sites on one Redis are one to their visitors: what one has made the other
// shows, and a user that was added on one frees the pages of both.
func TestTwoSitesShareTheirPages(t *testing.T) {
	config := main.Config{
		Cache: "redis://" + servers.Redis(t).Addr,
		DB:    "sqlite://" + filepath.Join(t.TempDir(), "site.db"),
	}
	one, other := visit(t, config), visit(t, config)
	one.host, other.host = "site.example", "site.example" // as behind a proxy: a page is of one host
	for _, s := range stops {
		if a, b := one.made(s.path), other.made(s.path); a != b {
			t.Errorf("GET %s: got a part made at %s on one site and at %s on the other", s.path, a, b)
		}
	}
	other.post("/users", ada)
	for _, path := range []string{"/users", "/users/block"} {
		if body := one.get(path).body; !strings.Contains(body, "101 users") {
			t.Errorf("GET %s: a user that was added on the other site is not there", path)
		}
	}
}

// A site whose Redis is gone answers as one without a cache.
func TestSiteOutlivesItsRedis(t *testing.T) {
	redis := servers.Redis(t)
	v := visit(t, main.Config{Cache: "redis://" + redis.Addr})
	for range 2 {
		for _, s := range stops {
			v.made(s.path)
		}
		redis.Kill()
	}
	if got := v.queries.since(); got < 8 { // four stops ask the database for what they show
		t.Errorf("got %d queries, want those of two walks", got)
	}
}
