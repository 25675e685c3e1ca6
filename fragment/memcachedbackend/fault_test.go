package memcachedbackend_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// fillPool has as many connections in use at once as there may be.
func fillPool(t *testing.T, b *memcachedbackend.Backend) {
	t.Helper()
	var all sync.WaitGroup
	for range memcachedbackend.DefaultConns {
		all.Go(func() {
			for range 20 {
				if _, _, err := b.Get(ctx, "key"); err != nil {
					t.Errorf("Get: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestRecoversAtOnceWhenTheServerIsBack(t *testing.T) {
	for name, open := range map[string]func() (*servers.Server, memcachedbackend.Options){
		"text": func() (*servers.Server, memcachedbackend.Options) {
			return servers.Memcached(t), memcachedbackend.Options{}
		},
		"binary": func() (*servers.Server, memcachedbackend.Options) {
			return withSASL(t), memcachedbackend.Options{SASL: true, User: user, Password: password}
		},
	} {
		s, o := open()
		b := opened(t, o, s.Addr)
		set(t, b, "key", []byte("value"))
		fillPool(t, b)
		s.Kill()
		if _, ok, err := b.Get(ctx, "key"); ok || err == nil || !strings.Contains(err.Error(), s.Addr) {
			t.Errorf("%s: Get of a dead server: got %v, error %v, want an error that names it", name, ok, err)
		}
		if err := b.Delete(ctx, "key"); err == nil {
			t.Errorf("%s: Delete at a dead server: got no error, want one", name)
		}
		s.Restart()
		wantMiss(t, b, "key")
		set(t, b, "key", []byte("value"))
		want(t, b, "key", []byte("value"))
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	addr, conns := saysAndCounts(t, "END\r\n")
	fillPool(t, opened(t, memcachedbackend.Options{Conns: 4}, addr))
	if made := conns.Load(); made < 1 || made > 4 {
		t.Errorf("32 goroutines made %d connections, want 4 at most", made)
	}
}

// TestConnectionsThatDiedUnnoticedCostNoCall restarts the server while nobody
// asks: each of the 32 connections is dead, and none of them may cost an error.
func TestConnectionsThatDiedUnnoticedCostNoCall(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	fillPool(t, b)
	s.Restart()
	for range memcachedbackend.DefaultConns {
		wantMiss(t, b, "key")
	}
	s.Restart()
	set(t, b, "key", []byte("value"))
	s.Restart()
	if err := b.Delete(ctx, "key"); err != nil {
		t.Errorf("Delete: got error %v, want none", err)
	}
	s.Restart()
	if found, err := b.GetMany(ctx, []string{"a", "b"}); len(found) > 0 || err != nil {
		t.Errorf("GetMany: got %d, error %v, want none", len(found), err)
	}
}

func TestCacheRecoversWithinTwoSeconds(t *testing.T) {
	s := servers.Memcached(t)
	c, err := fragment.Open(ctx, "memcached://"+s.Addr, fragment.Options{MaxFaults: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	k := fragment.KeyOf("page")
	if err := c.Set(ctx, k, []byte("value"), fragment.Policy{}); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if got, err := c.Do(ctx, k, fragment.Policy{}, func(context.Context) ([]byte, error) { return []byte("filled"), nil }); string(got) != "filled" || err != nil {
		t.Errorf("Do at a dead server: got %q, error %v, want the fill", got, err)
	}
	s.Restart()
	await(t, 2*time.Second, "a hit after the restart", func() bool {
		c.Set(ctx, k, []byte("value"), fragment.Policy{})
		_, ok, err := c.Get(ctx, k)
		return ok && err == nil
	})
}

// pause stops a server, whose threads may go on for a moment after the signal.
func pause(t *testing.T, s *servers.Server) {
	t.Helper()
	s.Signal(syscall.SIGSTOP)
	await(t, 5*time.Second, "the server to hang", func() bool {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
		io.WriteString(conn, "version\r\n")
		_, err = conn.Read(make([]byte, 1))
		return errors.Is(err, os.ErrDeadlineExceeded)
	})
}

func TestCallsAtAServerThatHangsEndWithTheirCtx(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	set(t, b, "key", []byte("value"))
	parts := opened(t, splitting, s.Addr)
	set(t, parts, "large", pattern(100<<10))
	pause(t, s)
	calls := map[string]func(ctx context.Context) error{
		"Get":     func(ctx context.Context) error { _, _, err := b.Get(ctx, "key"); return err },
		"GetMany": func(ctx context.Context) error { _, err := b.GetMany(ctx, []string{"key", "k2"}); return err },
		"Set":     func(ctx context.Context) error { return b.Set(ctx, "other", pattern(500<<10), ttl) },
		"SetMany": func(ctx context.Context) error {
			return b.SetMany(ctx, map[string][]byte{"o": pattern(500 << 10), "p": pattern(9)}, ttl)
		},
		"Delete": func(ctx context.Context) error { return b.Delete(ctx, "other", "more") },
		"Add":    func(ctx context.Context) error { _, err := b.Add(ctx, "other", pattern(10), ttl); return err },
		"Touch":  func(ctx context.Context) error { return b.Touch(ctx, ttl, "other") },
		"Lock":   func(ctx context.Context) error { _, err := b.Lock(ctx, "other", "one", ttl); return err },
		"Unlock": func(ctx context.Context) error { return b.Unlock(ctx, "other", "one") },
	}
	for name, call := range calls {
		for _, way := range []struct {
			what string
			ctx  func() (context.Context, context.CancelFunc)
			want error
		}{
			{"a deadline", func() (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 50*time.Millisecond) }, context.DeadlineExceeded},
			{"a cancellation", func() (context.Context, context.CancelFunc) {
				bounded, cancel := context.WithCancel(ctx)
				timer := time.AfterFunc(50*time.Millisecond, cancel)
				return bounded, func() { timer.Stop(); cancel() }
			}, context.Canceled},
		} {
			bounded, cancel := way.ctx()
			began := time.Now()
			err := call(bounded)
			cancel()
			if took := time.Since(began); !errors.Is(err, way.want) || took > time.Second {
				t.Errorf("%s with %s: got error %v after %v, want %v soon after 50ms", name, way.what, err, took, way.want)
			}
		}
	}
	s.Signal(syscall.SIGCONT)
	want(t, b, "key", []byte("value")) // no answer of then is taken for one of now
}

func TestACallWithoutDeadlineIsBounded(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{Timeout: 100 * time.Millisecond, Conns: 1}, s.Addr)
	set(t, b, "key", []byte("value"))
	pause(t, s)
	defer s.Signal(syscall.SIGCONT)
	var all sync.WaitGroup
	for range 2 { // the second one waits for the connection
		all.Go(func() {
			began := time.Now()
			_, _, err := b.Get(ctx, "key")
			if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
				t.Errorf("Get: got error %v after %v, want a deadline after 100ms", err, took)
			}
		})
	}
	all.Wait()
}
