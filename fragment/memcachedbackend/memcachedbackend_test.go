package memcachedbackend_test

import (
	"context"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

var ctx = context.Background()

// flush empties a server between two rules: that is for tests alone.
func flush(t testing.TB, addr string) {
	t.Helper()
	if got, err := servers.RedisCommand(addr, "flush_all"); got != "OK" {
		t.Fatalf("flush_all = %q, %v", got, err)
	}
}

// opened is a Backend that is closed after the test.
func opened(t testing.TB, o memcachedbackend.Options, addrs ...string) *memcachedbackend.Backend {
	t.Helper()
	b, err := memcachedbackend.New(ctx, addrs, o)
	if err != nil {
		t.Fatalf("New(%q): %v", addrs, err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBackendOnOneServer(t *testing.T) {
	t.Parallel()
	s := servers.Memcached(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			flush(t, s.Addr)
			return opened(t, memcachedbackend.Options{}, s.Addr)
		},
		MaxValue: 1<<20 - 1000,
		TooLarge: 1 << 20,
	})
}

func TestBackendOnTwoServers(t *testing.T) {
	t.Parallel()
	one, two := servers.Memcached(t), servers.Memcached(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			flush(t, one.Addr)
			flush(t, two.Addr)
			return opened(t, memcachedbackend.Options{}, one.Addr, two.Addr)
		},
	})
}

func TestBackendThatSplits(t *testing.T) {
	t.Parallel()
	s := servers.Memcached(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			flush(t, s.Addr)
			return opened(t, memcachedbackend.Options{ItemSize: 16 << 10, Large: memcachedbackend.Split}, s.Addr)
		},
		MaxValue: 1 << 20,
		TooLarge: 17 << 20,
	})
}
