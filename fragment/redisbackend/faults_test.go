package redisbackend_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// within is a ctx that ends after d.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, d)
	t.Cleanup(cancel)
	return ctx
}

func set(t testing.TB, b *redisbackend.Backend, key, value string) {
	t.Helper()
	if err := b.Set(within(t, 5*time.Second), key, []byte(value), ttl); err != nil {
		t.Fatalf("Set(%q): got error %v, want none", key, err)
	}
}

func want(t testing.TB, b *redisbackend.Backend, key, value string) {
	t.Helper()
	got, ok, err := b.Get(within(t, 5*time.Second), key)
	if err != nil || ok != (value != "") || string(got) != value {
		t.Errorf("Get(%q): got %q, %v, error %v, want %q", key, got, ok, err, value)
	}
}

// recovers requires that b works again, within d.
func recovers(t testing.TB, b *redisbackend.Backend, d time.Duration) {
	t.Helper()
	began := time.Now()
	for {
		err := b.Set(within(t, 100*time.Millisecond), "recovered", []byte("yes"), ttl)
		if err == nil {
			_, _, err = b.Get(within(t, 100*time.Millisecond), "recovered")
		}
		if err == nil {
			return
		}
		if time.Since(began) > d {
			t.Fatalf("after %v: Set: %v, want that it works within %v", time.Since(began), err, d)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// wantFaultInTime makes many calls at once, each of which must end with an error
// soon after its ctx has ended, or before.
func wantFaultInTime(t testing.TB, b *redisbackend.Backend, calls int) {
	t.Helper()
	const budget, grace = 100 * time.Millisecond, 700 * time.Millisecond // of a busy machine
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, budget)
			defer cancel()
			began := time.Now()
			var err error
			switch i % 4 {
			case 0:
				_, _, err = b.Get(ctx, "key")
			case 1:
				err = b.Set(ctx, fmt.Sprint("late", i), []byte("value"), time.Minute)
			case 2:
				_, err = b.GetMany(ctx, []string{"key", "other"})
			case 3:
				err = b.Delete(ctx, "absent")
			}
			if took := time.Since(began); err == nil || took > budget+grace {
				t.Errorf("call %d: got error %v after %v, want one within %v", i, err, took, budget)
			}
		})
	}
	all.Wait()
}

func TestServerDiesAndComesBack(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	set(t, b, "key", "value")
	for range 2 {
		s.Kill()
		wantFaultInTime(t, b, 40)
		s.Restart()
		recovers(t, b, 2*time.Second)
	}
	want(t, b, "key", "")
}

func TestServerThatIsNotThereAtFirst(t *testing.T) {
	addr := servers.FreeAddr(t)
	b := dialed(t, addr, redisbackend.Options{})
	for range 5 {
		wantFaultInTime(t, b, 8)
	}
	servers.RedisAt(t, addr)
	recovers(t, b, 2*time.Second)
}

// More calls than a connection of rueidis has room for.
const crowd = 1500

func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{Ping: 200 * time.Millisecond})
	set(t, b, "key", "value")
	s.Signal(syscall.SIGSTOP)
	wantFaultInTime(t, b, crowd)
	wantFaultInTime(t, b, crowd)
	time.Sleep(1500 * time.Millisecond) // until the connection is given up: there the next ones wait
	wantFaultInTime(t, b, crowd)
	s.Signal(syscall.SIGCONT)
	recovers(t, b, 2*time.Second)
	want(t, b, "key", "value")
}

func TestServerThatHangsAtFirst(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	s.Signal(syscall.SIGSTOP)
	wantFaultInTime(t, b, 40)
	s.Signal(syscall.SIGCONT)
	recovers(t, b, 2*time.Second)
}

// A call without a deadline ends as well, as the connection is tried.
func TestHangEndsCallsWithoutADeadline(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{Ping: 100 * time.Millisecond})
	set(t, b, "key", "value")
	s.Signal(syscall.SIGSTOP)
	began := time.Now()
	_, _, err := b.Get(ctx, "key")
	if took := time.Since(began); err == nil || took > 2*time.Second {
		t.Errorf("Get: got error %v after %v, want one within 2s", err, took)
	}
	s.Signal(syscall.SIGCONT)
}

func TestConnectionThatIsResetAmidAReply(t *testing.T) {
	s := servers.Redis(t)
	p := servers.NewProxy(t, s.Addr)
	b := dialed(t, p.Addr, redisbackend.Options{})
	value := string(make([]byte, 100_000))
	set(t, b, "key", value)
	for _, n := range []int{0, 1, 5, 9, 70_000, 100_009} {
		p.CutAfter(n)
		if _, ok, err := b.Get(within(t, time.Second), "key"); ok || err == nil {
			t.Errorf("Get, cut after %d bytes: got ok %v, error %v, want an error", n, ok, err)
		}
		p.CutAfter(-1)
		recovers(t, b, 2*time.Second)
		want(t, b, "key", value)
	}
	p.CutAfter(50_000)
	if found, err := b.GetMany(within(t, time.Second), []string{"key", "key"}); err == nil {
		t.Errorf("GetMany, cut: got %d values, error %v, want an error", len(found), err)
	}
	p.CutAfter(-1)
	recovers(t, b, 2*time.Second)
}

func TestSlowServer(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	p := servers.NewProxy(t, s.Addr)
	b := dialed(t, p.Addr, redisbackend.Options{})
	set(t, b, "key", "value")
	p.Delay(300 * time.Millisecond)
	wantFaultInTime(t, b, 10)
	want(t, b, "key", "value") // with more time
	p.Delay(0)
	recovers(t, b, 2*time.Second)
}

// A connection takes longer to make than each of the callers waits for it.
func TestReconnectingIsNotCutShortByCallersInAHurry(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	p := servers.NewProxy(t, s.Addr)
	b := dialed(t, p.Addr, redisbackend.Options{})
	set(t, b, "key", "value")
	p.Delay(200 * time.Millisecond)
	p.Reset()
	before := figure(t, s.Addr, "stats", "total_connections_received")
	for range 20 {
		if _, _, err := b.Get(within(t, 50*time.Millisecond), "key"); err == nil {
			t.Error("Get: got no error from a server that is slower than its ctx")
		}
	}
	if n := figure(t, s.Addr, "stats", "total_connections_received") - before; n > 2 { // one is that which asks
		t.Errorf("got %d connections, want one", n-1)
	}
}

func TestDeadServerEndsCallsWithoutADeadline(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	set(t, b, "key", "value")
	s.Kill()
	began := time.Now()
	_, _, err := b.Get(ctx, "key")
	if took := time.Since(began); err == nil || took > 2*time.Second {
		t.Errorf("Get: got error %v after %v, want one within 2s", err, took)
	}
}
