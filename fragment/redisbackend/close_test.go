package redisbackend_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// endsWith requires that f leaves no goroutine behind.
func endsWith(t *testing.T, what string, f func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	f()
	eventually(t, fmt.Sprintf("%s leaves no goroutine behind the %d before", what, before), func() bool {
		return runtime.NumGoroutine() <= before
	})
}

func TestCloseEndsAllThatWasStarted(t *testing.T) {
	s := servers.Redis(t)
	nobody := servers.FreeAddr(t)
	for name, o := range map[string]redisbackend.Options{"tracking": modes["tracking"], "pubsub": modes["pubsub"]} {
		endsWith(t, name, func() {
			b := dialed(t, s.Addr, o)
			watching(t, b)
			set(t, b, "key", "value")
			b.Close()
		})
		endsWith(t, name+" without a server", func() {
			b := dialed(t, nobody, o)
			watching(t, b)
			b.Get(within(t, 50*time.Millisecond), "key")
			b.Close()
		})
	}
	endsWith(t, "one that was never used", func() { dialed(t, s.Addr, redisbackend.Options{}).Close() })
	if got := servers.RedisText(t, s.Addr, "CLIENT LIST"); strings.Count(got, "\n") != 1 {
		t.Errorf("got the connections %q after Close, want that which asks alone", got)
	}
}

// A connection that is being made when Close is called must not stay.
func TestCloseBesideConnectsLeavesNoConnection(t *testing.T) {
	s := servers.Redis(t)
	p := servers.NewProxy(t, s.Addr)
	for range 3 {
		b := dialed(t, p.Addr, redisbackend.Options{})
		set(t, b, "key", "value")
		p.Delay(100 * time.Millisecond)
		p.Reset()
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				b.Set(within(t, time.Second), fmt.Sprint("key", i), nil, ttl)
				b.Get(within(t, time.Second), "key")
			})
		}
		time.Sleep(50 * time.Millisecond) // amid the making of the connection
		b.Close()
		all.Wait()
		p.Delay(0)
	}
	eventually(t, "no connection stays", func() bool { return strings.Count(servers.RedisText(t, s.Addr, "CLIENT LIST"), "\n") == 1 })
}

func TestCloseDoesNotWaitForAServerThatHangs(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			b := dialed(t, s.Addr, o)
			watching(t, b)
			set(t, b, "key", "value")
			s.Signal(syscall.SIGSTOP)
			defer s.Signal(syscall.SIGCONT)
			go b.Get(ctx, "key")
			began := time.Now()
			if err := b.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("Close: took %v, want 5s at most", took)
			}
		})
	}
}

func TestGivenClientStaysOpen(t *testing.T) {
	s := servers.Redis(t)
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := redisbackend.New(c, redisbackend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set(t, b, "key", "value")
	b.Close()
	if _, _, err := b.Get(ctx, "key"); err == nil {
		t.Error("Get after Close: got no error")
	}
	if err := b.Watch(ctx, prefix, func(...string) {}); err == nil {
		t.Error("Watch after Close: got no error")
	}
	if value, err := c.Do(ctx, c.B().Get().Key("key").Build()).ToString(); value != "value" || err != nil {
		t.Errorf("the client after Close: got %q, error %v", value, err)
	}
}

// heap is what is in use after all garbage is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) + int64(m.StackInuse)
}

func TestClientIsSmall(t *testing.T) {
	s := servers.Redis(t)
	for name, use := range map[string]func(b *redisbackend.Backend){
		"plain":    func(*redisbackend.Backend) {},
		"tracking": func(b *redisbackend.Backend) { watching(t, b) },
	} {
		before := heap()
		b := dialed(t, s.Addr, redisbackend.Options{})
		use(b)
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				key := fmt.Sprint(prefix, i)
				set(t, b, key, strings.Repeat("x", 10_000))
				b.GetMany(ctx, []string{key, "absent"})
			})
		}
		all.Wait()
		took := heap() - before
		t.Logf("%s: %d KiB", name, took>>10)
		if took > 4<<20 {
			t.Errorf("%s: an idle client takes %d KiB, want at most 4 MiB", name, took>>10)
		}
		runtime.KeepAlive(b)
	}
}
