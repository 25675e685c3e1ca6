package redisbackend_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
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
	t.Parallel()
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

// The same while changes are told, and with a client that is given.
func TestBackendInOtherWays(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{Open: func(t testing.TB) fragment.Backend {
				command(t, s.Addr, "FLUSHALL")
				b := dialed(t, s.Addr, o)
				watching(t, b)
				return b
			}})
		})
	}
	t.Run("given", func(t *testing.T) {
		backendtest.Run(t, backendtest.Harness{Open: func(t testing.TB) fragment.Backend {
			command(t, s.Addr, "FLUSHALL")
			return over(t, s.Addr)
		}})
	})
}

// over is a Backend over a client with the defaults of rueidis.
func over(t testing.TB, addr string) *redisbackend.Backend {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := redisbackend.New(c, redisbackend.Options{Ping: briefPing})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	t.Cleanup(func() { b.Close() })
	return b
}

// reached is b, when it has connected.
func reached(t testing.TB, b *redisbackend.Backend) *redisbackend.Backend {
	t.Helper()
	if err := b.Ping(ctx); err != nil {
		t.Fatalf("Ping: %v", err)
	}
	return b
}

// lastOf sends commands over one connection, and returns the first line of the
// last reply.
func lastOf(t testing.TB, addr string, commands ...string) (line string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	replies := bufio.NewReader(conn)
	for _, command := range commands {
		if _, err = fmt.Fprintf(conn, "%s\r\n", command); err == nil {
			line, err = replies.ReadString('\n')
		}
		if err != nil || line[0] == '-' {
			t.Fatalf("%s: got %q, error %v", command, line, err)
		}
	}
	return strings.TrimSpace(line)
}

// figure is one of those that the server at addr tells about itself.
func figure(t testing.TB, addr, section, name string) (n int) {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text, err := c.Do(ctx, c.B().Info().Section(section).Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), name); found {
			value, _, _ = strings.Cut(value[1:], ",") // behind ":", or "="
			n, err = strconv.Atoi(value)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}
