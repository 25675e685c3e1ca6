package main

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// A site leaves Redis alone for some seconds when calls failed, or took longer
// than their time, several times in a row. On a busy machine that happens in the
// best of families, and is no round to judge by.

var breaker = regexp.MustCompile(`msg="cache breaker" cache=(\S+) reason=("[^"]*"|\S+)`)

// breakers reads in the logs of the sites how often one of them began to leave
// Redis alone, and whether one does so now.
func (s *stack) breakers() (opened int, away bool) {
	for _, process := range s.processes {
		n, now := breakersIn(process.Log())
		opened, away = opened+n, away || now
	}
	return opened, away
}

func breakersIn(log string) (opened int, away bool) {
	last := map[string]string{} // by cache
	for line := range strings.Lines(log) {
		if found := breaker.FindStringSubmatch(line); found != nil {
			last[found[1]] = found[2]
			if found[2] == "open" {
				opened++
			}
		}
	}
	for _, state := range last {
		away = away || state != "closed"
	}
	return opened, away
}

// settle waits until no site leaves Redis alone, and none has left a lease there:
// one that could not be given back ends by itself, after ten seconds, and who
// comes until then waits for it.
func (s *stack) settle(ctx context.Context) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && ctx.Err() == nil; {
		leases, err := servers.RedisCommand(s.redis.Addr, "KEYS *lease")
		if err != nil {
			s.world.Fatalf("asking Redis for leases: %v", err)
		}
		_, away := s.breakers()
		if !away && leases == "*0" {
			return
		}
		began := time.Now()
		sleep(ctx, 100*time.Millisecond) // they are other processes: there is nothing to wait on
		if !away {
			s.leased += time.Since(began)
		}
	}
}
