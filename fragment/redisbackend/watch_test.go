package redisbackend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// An ear hears what a Backend that watches is told.
type ear struct {
	mu    sync.Mutex
	keys  map[string]time.Time // when it was told last; guarded by mu
	alls  int                  // how often anything may have changed; guarded by mu
	calls int                  // guarded by mu
}

func (e *ear) changed(keys ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if len(keys) == 0 {
		e.alls++
	}
	for _, key := range keys {
		e.keys[key] = time.Now()
	}
}

func (e *ear) heard(key string) (at time.Time, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok = e.keys[key]
	return at, ok
}

func (e *ear) flushes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.alls
}

// wantKey waits until key is told.
func (e *ear) wantKey(t testing.TB, key string) {
	t.Helper()
	eventually(t, "a change of "+key+" is told", func() bool { _, ok := e.heard(key); return ok })
}

// wantKnown waits until key is told when b sets it: of a sender that is new, it is
// told at first that anything may have changed.
func (e *ear) wantKnown(t testing.TB, b *redisbackend.Backend, key string) {
	t.Helper()
	eventually(t, "a change of "+key+" is told", func() bool {
		set(t, b, key, "value")
		_, ok := e.heard(key)
		return ok
	})
}

// wantFlush requires that after f anything may have changed, within d.
func (e *ear) wantFlush(t testing.TB, what string, d time.Duration, f func()) {
	t.Helper()
	before, began := e.flushes(), time.Now()
	f()
	eventually(t, "all is told to have changed after "+what, func() bool { return e.flushes() > before })
	if took := time.Since(began); took > d {
		t.Errorf("%s: told after %v, want %v at most", what, took, d)
	}
}

const prefix = "shop:"

// watching is a Backend that watches, connected.
func watching(t testing.TB, b *redisbackend.Backend) *ear {
	t.Helper()
	e := &ear{keys: make(map[string]time.Time)}
	if err := fragment.Watch(within(t, 5*time.Second), b, prefix, e.changed); err != nil {
		t.Fatalf("Watch: %v", err)
	}
	return e
}

var modes = map[string]redisbackend.Options{
	"tracking": {Watch: redisbackend.WatchTracking},
	"pubsub":   {Watch: redisbackend.WatchPubSub},
}

// inEachMode runs a test over a server with two Backends that watch.
func inEachMode(t *testing.T, test func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear)) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			s := servers.Redis(t)
			one, two := dialed(t, s.Addr, o), dialed(t, s.Addr, o)
			watching(t, one)
			ear := watching(t, two)
			ear.wantKnown(t, one, prefix+"ready")
			test(t, s, one, two, ear)
		})
	}
}

func TestWatchTellsWhatOthersDo(t *testing.T) {
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		key := func(name string) string { return prefix + name }
		set(t, one, key("set"), "value")
		if err := one.SetMany(ctx, map[string][]byte{key("many1"): nil, key("many2"): nil}, ttl); err != nil {
			t.Error(err)
		}
		if added, err := one.Add(ctx, key("added"), nil, ttl); !added || err != nil {
			t.Error(added, err)
		}
		for _, name := range []string{"set", "many1", "many2", "added"} {
			ear.wantKey(t, key(name))
		}
		set(t, one, key("gone"), "value")
		ear.wantKey(t, key("gone"))
		ear.mu.Lock()
		delete(ear.keys, key("gone"))
		ear.mu.Unlock()
		if err := one.Delete(ctx, key("gone")); err != nil {
			t.Error(err)
		}
		ear.wantKey(t, key("gone"))
	})
}

func TestWatchTellsNeitherOwnWritesNorLeasesNorOtherPrefixes(t *testing.T) {
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		if _, err := one.Lock(ctx, prefix+"locked", "owner", time.Minute); err != nil {
			t.Error(err)
		}
		for i := range 100 {
			set(t, two, fmt.Sprint(prefix, "own", i), "value")
			want(t, two, fmt.Sprint(prefix, "own", i), "value")
			two.Delete(ctx, fmt.Sprint(prefix, "own", i))
		}
		command(t, s.Addr, "SET other:key value")
		set(t, one, prefix+"last", "value")
		ear.wantKey(t, prefix+"last")
		ear.mu.Lock()
		defer ear.mu.Unlock()
		for key := range ear.keys {
			if key != prefix+"last" && key != prefix+"ready" {
				t.Errorf("%q is told", key)
			}
		}
	})
}

func TestTrackingTellsExpiryAndForeignWritersAndFlushes(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	ear := watching(t, b)
	command(t, s.Addr, "SET "+prefix+"foreign value")
	ear.wantKey(t, prefix+"foreign")
	if err := b.Set(ctx, prefix+"brief", nil, 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ear.wantKey(t, prefix+"brief") // when it has ended
	for _, flush := range []string{"FLUSHDB", "FLUSHALL"} {
		ear.wantFlush(t, flush, time.Second, func() { command(t, s.Addr, flush) })
	}
}

func TestWatchTellsFast(t *testing.T) {
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		var took []time.Duration
		for i := range 300 {
			key := fmt.Sprint(prefix, "fast", i)
			began := time.Now()
			set(t, one, key, "value")
			ear.wantKey(t, key)
			at, _ := ear.heard(key)
			took = append(took, at.Sub(began))
		}
		slices.Sort(took)
		t.Logf("set until told: median %v, p99 %v", took[len(took)/2], took[len(took)*99/100])
		if p99 := took[len(took)*99/100]; p99 > 100*time.Millisecond {
			t.Errorf("set until told: p99 %v, want at most 100ms", p99)
		}
	})
}

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
	inEachMode(t, func(t *testing.T, s *servers.Server, one, two *redisbackend.Backend, ear *ear) {
		for range 2 {
			ear.wantFlush(t, "SIGSTOP", 2100*time.Millisecond, func() { s.Signal(syscall.SIGSTOP) })
			s.Signal(syscall.SIGCONT)
			told(t, one, two, ear, fmt.Sprint(prefix, time.Now().UnixNano()))
		}
	})
}

// A network that swallows all there is, while the program goes on asking.
func TestBlackHoleTellsThatAllMayHaveChanged(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			s := servers.Redis(t)
			p := servers.NewProxy(t, s.Addr)
			b := dialed(t, p.Addr, o)
			ear := watching(t, b)
			set(t, b, prefix+"key", "value")
			eventually(t, "it is quiet", func() bool { n := ear.flushes(); time.Sleep(50 * time.Millisecond); return n == ear.flushes() })
			ear.wantFlush(t, "a black hole", 2100*time.Millisecond, func() {
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

// as is a Backend of a user of the server.
func as(t testing.TB, s *servers.Server, user string, o redisbackend.Options) *redisbackend.Backend {
	t.Helper()
	b, err := redisbackend.Dial(rueidis.ClientOption{
		InitAddress: []string{s.Addr}, ForceSingleClient: true, Username: user, Password: "s3cret",
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestWatchTakesTheChannelWhereTrackingIsNotAllowed(t *testing.T) {
	s := servers.Redis(t, "--user", "app", "on", ">s3cret", "~*", "&*", "+@all", "-client|tracking",
		"--user", "mute", "on", ">s3cret", "~*", "+@all", "-client|tracking", "resetchannels")
	one, two := as(t, s, "app", redisbackend.Options{}), as(t, s, "app", redisbackend.Options{})
	watching(t, one)
	ear := watching(t, two)
	ear.wantKnown(t, one, prefix+"key")

	for name, o := range map[string]redisbackend.Options{"app": modes["tracking"], "mute": {}} {
		b := as(t, s, name, o)
		err := b.Watch(within(t, 5*time.Second), prefix, ear.changed)
		wantRefusal(t, "Watch by "+name, err, "client|tracking")
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Watch by %s: got error %v, want errors.ErrUnsupported", name, err)
		}
		if _, _, err := b.Get(ctx, prefix+"key"); err == nil {
			t.Errorf("Get by %s: got no error, although no change of the value can be told", name)
		}
	}
}

func TestWatchTakesTheChannelWhereRESP3IsNotSpoken(t *testing.T) {
	s := servers.Redis(t, "--rename-command", "HELLO", "")
	one, two := dialed(t, s.Addr, redisbackend.Options{}), dialed(t, s.Addr, redisbackend.Options{})
	watching(t, one)
	ear := watching(t, two)
	ear.wantKnown(t, one, prefix+"key")
	want(t, two, prefix+"key", "value")
	ear.wantFlush(t, "CLIENT KILL", 2*time.Second, func() { command(t, s.Addr, "CLIENT KILL TYPE pubsub") })
	told(t, one, two, ear, prefix+"again")
}

func TestWatchWithAGivenClient(t *testing.T) {
	s := servers.Redis(t)
	one, two := over(t, s.Addr), over(t, s.Addr)
	watching(t, one)
	ear := watching(t, two)
	ear.wantKnown(t, one, prefix+"key")
	ear.wantFlush(t, "CLIENT KILL", 2*time.Second, func() {
		lastOf(t, s.Addr, "CLIENT KILL TYPE pubsub SKIPME yes", "CLIENT KILL TYPE normal SKIPME yes")
	})
	told(t, one, two, ear, prefix+"again")
	if err := two.Watch(ctx, prefix, ear.changed); err == nil {
		t.Error("a second Watch: got no error")
	}
	two.Close()
	eventually(t, "nobody subscribes after Close", func() bool {
		return strings.Contains(lastLine(t, s.Addr, "PUBSUB NUMSUB "+prefix+"changes"), ":1")
	})
}

// lastLine sends a command and returns the last line of a reply of several.
func lastLine(t testing.TB, addr, words string) string {
	t.Helper()
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := c.Do(ctx, c.B().Arbitrary(strings.Fields(words)...).Build()).ToArray()
	if err != nil {
		t.Fatal(err)
	}
	n, err := all[len(all)-1].AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(":", n)
}
