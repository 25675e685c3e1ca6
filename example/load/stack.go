package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// processes is how many sites there are.
const processes = 3

// A stack is all that was started.
type stack struct {
	config
	world  *world
	redis  *servers.Server
	asking *redisConn

	processes []*servers.Server
	sites     []*visitor // of one process each
	front     *visitor   // of nginx

	leased time.Duration // waited for leases that nobody had any more
}

// start starts Redis, the sites and nginx.
func start(ctx context.Context, w *world, c config) *stack {
	s := &stack{config: c, world: w, redis: servers.Redis(w)}
	s.asking = dialRedis(w, s.redis.Addr)
	folder := w.TempDir()
	program := filepath.Join(folder, "site")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/pongocache/pongocache/example")
	if output, err := build.CombinedOutput(); err != nil {
		w.Fatalf("building the example site: %v\n%s", err, output)
	}
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: c.visitors, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.Cleanup(client.CloseIdleConnections)
	var addrs []string
	for range processes {
		addr := servers.FreeAddr(w)
		process := servers.Start(w, addr, nil, program, "-addr", addr, "-cache", s.cache(),
			"-db", "sqlite://"+filepath.Join(folder, "site.db"), "-delay", c.delay.String())
		addrs, s.processes = append(addrs, addr), append(s.processes, process)
		s.sites = append(s.sites, &visitor{client, "http://" + addr})
	}
	s.front = &visitor{client, "http://" + startNginx(w, addrs).Addr}
	return s
}

// cache is what the sites are told by -cache.
func (s *stack) cache() string {
	redis := "redis://" + s.redis.Addr + "/0"
	if s.near {
		return "tiered:?near=" + url.QueryEscape("bigcache://") + "&far=" + url.QueryEscape(redis)
	}
	return redis
}

func (s *stack) title() string {
	near := ""
	if s.near {
		near = ", each with copies of entries near"
	}
	return fmt.Sprintf(`The example site as %d processes%s, behind nginx, with one Redis and one database.
They and their visitors share the %d CPUs of this machine: compare times with each other.
A query takes %v.
`, processes, near, runtime.NumCPU(), s.delay)
}
