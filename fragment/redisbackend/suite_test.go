package redisbackend_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

var ctx = context.Background()

const ttl = time.Hour

// dialed is a Backend over the server at addr, which is closed after the test.
func dialed(t testing.TB, addr string, o redisbackend.Options) *redisbackend.Backend {
	t.Helper()
	b, err := redisbackend.Dial(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// command sends a command to the server at addr, which must not answer with an
// error.
func command(t testing.TB, addr, words string) string {
	t.Helper()
	reply, err := servers.RedisCommand(addr, words)
	if err != nil || len(reply) > 0 && reply[0] == '-' {
		t.Fatalf("%s: got %q, error %v", words, reply, err)
	}
	return reply
}

func TestBackend(t *testing.T) {
	s := servers.Redis(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			command(t, s.Addr, "FLUSHALL")
			return dialed(t, s.Addr, redisbackend.Options{MaxValue: 1 << 20})
		},
		MaxValue: 1 << 20,
		TooLarge: 1<<20 + 1,
	})
}
