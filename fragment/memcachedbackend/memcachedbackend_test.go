package memcachedbackend_test

import (
	"bytes"
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

var ctx = context.Background()

const ttl = time.Hour

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

// beside is a client of somebody else's.
func beside(t testing.TB, addr string) *memcache.Client {
	t.Helper()
	client := memcache.New(addr)
	client.Timeout = 5 * time.Second
	t.Cleanup(func() { client.Close() })
	return client
}

func set(t testing.TB, b fragment.Backend, key string, value []byte) {
	t.Helper()
	if err := b.Set(ctx, key, value, ttl); err != nil {
		t.Fatalf("Set(%q, %d bytes): got error %v, want none", key, len(value), err)
	}
}

func want(t testing.TB, b fragment.Backend, key string, value []byte) {
	t.Helper()
	got, ok, err := b.Get(ctx, key)
	if err != nil || !ok || !bytes.Equal(got, value) {
		t.Fatalf("Get(%q): got %d bytes, ok %v, error %v, want the %d bytes that were set", key, len(got), ok, err, len(value))
	}
}

func wantMiss(t testing.TB, b fragment.Backend, key string) {
	t.Helper()
	got, ok, err := b.Get(ctx, key)
	if err != nil || ok {
		t.Fatalf("Get(%q): got %d bytes, ok %v, error %v, want a miss", key, len(got), ok, err)
	}
}

// await waits for what must come to be within limit.
func await(t testing.TB, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// pattern is a value that does not look the same anywhere.
func pattern(n int) []byte {
	value := make([]byte, n)
	state := uint32(n) + 1
	for i := range value {
		state = state*1664525 + 1013904223
		value[i] = byte(state >> 24)
	}
	return value
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
			return opened(t, memcachedbackend.Options{ItemSize: 4 << 10, Large: memcachedbackend.Split}, s.Addr)
		},
		MaxValue: 256 << 10,
		TooLarge: 5 << 20,
	})
}

func TestBackendWithAPassword(t *testing.T) {
	t.Parallel()
	s := withPasswords(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			s.Restart()
			return opened(t, memcachedbackend.Options{User: user, Password: password}, s.Addr)
		},
	})
}

func TestBackendWithSASL(t *testing.T) {
	t.Parallel()
	s := withSASL(t)
	backendtest.Run(t, backendtest.Harness{
		Open: func(t testing.TB) fragment.Backend {
			s.Restart()
			return opened(t, memcachedbackend.Options{SASL: true, User: user, Password: password}, s.Addr)
		},
		TooLarge: 1 << 20,
	})
}

func TestCloseEndsGoroutinesAndConnections(t *testing.T) {
	one, two := servers.Memcached(t), servers.Memcached(t)
	before := runtime.NumGoroutine()
	b, err := memcachedbackend.New(ctx, []string{one.Addr, two.Addr}, memcachedbackend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"a", "b", "c", "d", "e", "f"}
	for _, key := range keys {
		set(t, b, key, pattern(1000))
	}
	bounded, cancel := context.WithCancel(ctx)
	if found, err := b.GetMany(bounded, keys); len(found) != len(keys) || err != nil {
		t.Fatalf("GetMany: got %d, error %v, want %d", len(found), err, len(keys))
	}
	cancel()
	b.Close()
	await(t, 3*time.Second, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
	for _, s := range []*servers.Server{one, two} {
		await(t, 3*time.Second, "one connection, which asks", func() bool { return stat(t, s.Addr, "curr_connections") <= 2 })
	}
	if _, _, err := b.Get(ctx, "a"); err == nil {
		t.Error("Get after Close: got no error, want one")
	}
	if err := b.Close(); err != nil {
		t.Errorf("a second Close: got error %v, want none", err)
	}
}

func TestCloseEndsCallsUnderWay(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := opened(t, memcachedbackend.Options{Conns: 1}, l.Addr().String())
	failed := make(chan error, 2)
	for range cap(failed) { // one waits for an answer and the other for a connection
		go func() {
			_, _, err := b.Get(ctx, "key")
			failed <- err
		}()
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	b.Close()
	for range cap(failed) {
		if err := <-failed; err == nil {
			t.Error("Get beside Close: got no error, want one")
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("calls under way ended %v after Close, want at once", took)
	}
}
