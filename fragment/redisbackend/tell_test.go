package redisbackend_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// telling is a Backend that does not watch and tells those that do.
func telling(t testing.TB, addr string) *redisbackend.Backend {
	t.Helper()
	b := dialed(t, addr, modes["pubsub"])
	fragment.Tell(b, prefix)
	return b
}

func TestOneThatDoesNotWatchIsHeard(t *testing.T) {
	s := servers.Redis(t)
	one, two := telling(t, s.Addr), dialed(t, s.Addr, modes["pubsub"])
	ear := watching(t, two)
	ear.wantKnown(t, one, prefix+"ready")
	quiet := ear.flushes()
	for name, change := range map[string]func(key string) error{
		"set":    func(key string) error { return one.Set(ctx, key, nil, ttl) },
		"many":   func(key string) error { return one.SetMany(ctx, map[string][]byte{key: nil}, ttl) },
		"delete": func(key string) error { return one.Delete(ctx, key) },
		"add": func(key string) error {
			_, err := one.Add(ctx, key, nil, ttl)
			return err
		},
		"swap": func(key string) error {
			set(t, two, key, "old")
			swapped, err := one.Swap(ctx, key, []byte("old"), []byte("new"), ttl)
			if !swapped {
				return fmt.Errorf("swapped: %v, %w", swapped, err)
			}
			return err
		},
	} {
		if err := change(prefix + name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ear.wantKey(t, prefix+name)
	}
	time.Sleep(4 * briefPing)
	if n := ear.flushes() - quiet; n > 0 {
		t.Errorf("a sender that lives and says little: got told %d times that all may have changed, want never", n)
	}
}

// Whoever did not ask for the channel keeps off it.
func TestOneThatIsNotAskedToTellIsQuiet(t *testing.T) {
	s := servers.Redis(t)
	before := runtime.NumGoroutine()
	b := dialed(t, s.Addr, redisbackend.Options{})
	fragment.Tell(b, prefix)
	if runtime.NumGoroutine() > before {
		t.Error("Tell began a goroutine where the server tells")
	}
	set(t, b, prefix+"key", "value")
	if got := command(t, s.Addr, "INFO commandstats"); strings.Contains(got, "cmdstat_publish") {
		t.Error("it publishes where the server tells")
	}
}

// That it is not allowed to tell is found out by Ping, and so by Open.
func TestPingOfOneThatMayNotTell(t *testing.T) {
	s := servers.Redis(t, "--user", "mute", "on", ">s3cret", "~*", "+@all", "resetchannels")
	b := as(t, s, "mute", modes["pubsub"])
	fragment.Tell(b, prefix)
	wantRefusal(t, "Ping", b.Ping(within(t, 5*time.Second)), "&prefix*")
}

func TestFlushIsFoundOutOverTheChannel(t *testing.T) {
	s := servers.Redis(t)
	one, two := dialed(t, s.Addr, modes["pubsub"]), dialed(t, s.Addr, modes["pubsub"])
	ears := []*ear{watching(t, one), watching(t, two)}
	ears[0].wantKnown(t, two, prefix+"ready")
	ears[1].wantKnown(t, one, prefix+"ready")
	for range 3 {
		before := []int{ears[0].flushes(), ears[1].flushes()}
		began := time.Now()
		command(t, s.Addr, "FLUSHDB")
		for i, e := range ears {
			eventually(t, "all is told to have changed after FLUSHDB", func() bool { return e.flushes() > before[i] })
		}
		if took := time.Since(began); took > inTime {
			t.Errorf("told after %v, want %v at most", took, inTime)
		}
	}
	quiet := ears[0].flushes() + ears[1].flushes()
	time.Sleep(3 * briefPing)
	if n := ears[0].flushes() + ears[1].flushes() - quiet; n > 0 {
		t.Errorf("long after a FLUSHDB: got told %d times that all may have changed, want never", n)
	}
}

func TestCloseEndsTheSignsOfLife(t *testing.T) {
	s := servers.Redis(t)
	before := runtime.NumGoroutine()
	b := telling(t, s.Addr)
	set(t, b, prefix+"key", "value")
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}
