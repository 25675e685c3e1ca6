package redisbackend_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// inTime is how soon a hang is told of: within the interval of the pings and one
// second, on a machine that has other things to do as well.
const inTime = briefPing + time.Second + 400*time.Millisecond

// told requires that a change is told again after a fault.
func told(t testing.TB, one, two *redisbackend.Backend, ear *ear, key string) {
	t.Helper()
	recovers(t, one, 3*time.Second)
	recovers(t, two, 3*time.Second)
	eventually(t, key+" is told after a fault", func() bool {
		one.Set(within(t, 200*time.Millisecond), key, nil, ttl)
		two.Get(within(t, 200*time.Millisecond), key)
		_, ok := ear.heard(key)
		return ok
	})
}

func TestLossOfConnectionTellsThatAllMayHaveChanged(t *testing.T) {
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		for _, kind := range []string{"normal", "pubsub"} {
			if kind == "pubsub" && !strings.Contains(t.Name(), "pubsub") {
				continue
			}
			ear.wantFlush(t, "CLIENT KILL", 2*time.Second, func() {
				lastOf(t, s.Addr, "CLIENT KILL TYPE "+kind+" SKIPME yes", "CLIENT KILL TYPE pubsub SKIPME yes")
			})
			told(t, one, two, ear, prefix+"after"+kind)
		}
		ear.wantFlush(t, "SIGKILL", 2*time.Second, s.Kill)
		ear.wantFlush(t, "start", 5*time.Second, func() {
			s.Restart()
			recovers(t, two, 2*time.Second)
			s.Kill()
			s.Restart()
		})
		told(t, one, two, ear, prefix+"restarted")
	})
}

func TestHangTellsThatAllMayHaveChanged(t *testing.T) {
	t.Parallel()
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		for range 2 {
			ear.wantFlush(t, "SIGSTOP", inTime, func() { s.Signal(syscall.SIGSTOP) })
			s.Signal(syscall.SIGCONT)
			told(t, one, two, ear, fmt.Sprint(prefix, time.Now().UnixNano()))
		}
	})
}

// A network that swallows all there is, while the program goes on asking.
func TestBlackHoleTellsThatAllMayHaveChanged(t *testing.T) {
	t.Parallel()
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			s := servers.Redis(t)
			p := servers.NewProxy(t, s.Addr)
			b := dialed(t, p.Addr, o)
			ear := watching(t, b)
			set(t, b, prefix+"key", "value")
			eventually(t, "it is quiet", func() bool { n := ear.flushes(); time.Sleep(50 * time.Millisecond); return n == ear.flushes() })
			ear.wantFlush(t, "a black hole", inTime, func() {
				p.Delay(10 * time.Second)
				go func() {
					for range 20 {
						b.Get(within(t, 100*time.Millisecond), prefix+"key")
					}
				}()
			})
		})
	}
}

func TestWatchBeforeTheServerIsThere(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			addr := servers.FreeAddr(t)
			one, two := dialed(t, addr, o), dialed(t, addr, o)
			watching(t, one)
			ear := watching(t, two)
			servers.RedisAt(t, addr)
			told(t, one, two, ear, prefix+"key")
		})
	}
}
