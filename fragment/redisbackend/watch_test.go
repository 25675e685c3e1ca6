package redisbackend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

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
	"tracking": {Watch: redisbackend.WatchTracking, Ping: briefPing},
	"pubsub":   {Watch: redisbackend.WatchPubSub, Ping: briefPing},
}

const briefPing = 300 * time.Millisecond

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
	ear.wantFlush(t, "SIGSTOP", inTime, func() { s.Signal(syscall.SIGSTOP) }) // long before the client notes it
	s.Signal(syscall.SIGCONT)
	told(t, one, two, ear, prefix+"hung")
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
