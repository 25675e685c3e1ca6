package redisbackend_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func TestTTLIsRoundedUpToMilliseconds(t *testing.T) {
	for ttl, want := range map[time.Duration]int64{
		1: 1, time.Microsecond: 1, time.Millisecond: 1, time.Millisecond + 1: 2, 1500 * time.Microsecond: 2,
		time.Second: 1000, 40 * 24 * time.Hour: 40 * 24 * 3600 * 1000,
	} {
		if got := redisbackend.Milliseconds(ttl); got != want {
			t.Errorf("%v: got %d ms, want %d", ttl, got, want)
		}
	}
}

// left is what the server says of the life of a key, in milliseconds.
func left(t testing.TB, addr, key string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimPrefix(command(t, addr, "PTTL "+key), ":"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	forEver = -1 // as left tells it
	absent  = -2
)

func TestLifeOnTheServer(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	century := 100 * 365 * 24 * time.Hour
	for ttl, want := range map[time.Duration]int64{
		90 * time.Second: 90_000, century: century.Milliseconds(), fragment.Forever: forEver, fragment.Forever - 1: forEver,
	} {
		keys := []string{"set", "added", "many", "touched"}
		b.Delete(ctx, keys...)
		b.Set(ctx, "set", nil, ttl)
		b.Add(ctx, "added", nil, ttl)
		b.SetMany(ctx, map[string][]byte{"many": nil}, ttl)
		b.Set(ctx, "touched", nil, time.Hour)
		if err := b.Touch(ctx, ttl, "touched", "absent"); err != nil {
			t.Errorf("Touch: %v", err)
		}
		for _, key := range keys {
			if got := left(t, s.Addr, key); got > want || got < want-10_000 {
				t.Errorf("%q for %v: got %d ms left, want %d", key, ttl, got, want)
			}
		}
		if got := left(t, s.Addr, "absent"); got != absent {
			t.Errorf("a key that is not there was touched, and is there with %d ms left", got)
		}
	}
	b.Set(ctx, "brief", nil, 1)
	eventually(t, "what lives a nanosecond is gone", func() bool { return left(t, s.Addr, "brief") == absent })
}

func TestLeaseIsAKeyOfItsOwnWithAnEnd(t *testing.T) {
	s := servers.Redis(t)
	b := dialed(t, s.Addr, redisbackend.Options{})
	lock := func(owner string, ttl time.Duration, want bool) {
		t.Helper()
		if ok, err := b.Lock(ctx, "key", owner, ttl); ok != want || err != nil {
			t.Errorf("Lock for %s: got %v, error %v, want %v", owner, ok, err, want)
		}
	}
	lock("one", fragment.Forever, true) // which is bounded all the same
	lock("two", time.Minute, false)
	lock("one", time.Minute, true)
	keys := command(t, s.Addr, "DBSIZE")
	if got := left(t, s.Addr, `"key lease"`); got > 60_000 || got < 50_000 || keys != ":1" {
		t.Errorf("got %d ms left, and %s keys, want a minute and one", got, keys)
	}
	if err := b.Unlock(ctx, "key", "two"); err != nil {
		t.Error(err)
	}
	lock("two", time.Minute, false)
	command(t, s.Addr, "SCRIPT FLUSH")
	if err := b.Unlock(ctx, "key", "one"); err != nil {
		t.Error(err)
	}
	lock("two", time.Millisecond, true)
	eventually(t, "a lease ends", func() bool { return left(t, s.Addr, `"key lease"`) == absent })
}

func TestSlotsAreThoseOfRedisCluster(t *testing.T) {
	for key, want := range map[string]uint16{
		"123456789": 12739, "foo": 12182, "{foo}bar": 12182, "x{foo}{bar}": 12182, "{}foo": redisbackend.SlotOf("{}foo"),
	} {
		if got := redisbackend.SlotOf(key); got != want {
			t.Errorf("%q: got slot %d, want %d", key, got, want)
		}
	}
	s := servers.Redis(t, "--cluster-enabled", "yes", "--cluster-port", servers.Port(servers.FreeAddr(t)))
	for i := range 200 {
		for _, form := range []string{"key%d", "{key%d}x", "{}%d", "{key%d", "}{%d}", "a{{%d}}b", "{a}{%d}"} {
			key := fmt.Sprintf(form, i)
			if got, want := redisbackend.SlotOf(key), command(t, s.Addr, "CLUSTER KEYSLOT "+key); fmt.Sprint(":", got) != want {
				t.Errorf("%q: got slot %d, want %s", key, got, want)
			}
		}
	}
}

func TestWrongOptions(t *testing.T) {
	for _, test := range []struct {
		options redisbackend.Options
		names   string
	}{
		{redisbackend.Options{MaxValue: -1}, "MaxValue"},
		{redisbackend.Options{MaxValue: 1 << 30}, "MaxValue"},
		{redisbackend.Options{Ping: -1}, "Ping"},
		{redisbackend.Options{Ping: time.Millisecond}, "Ping"},
		{redisbackend.Options{ConnectTimeout: -1}, "ConnectTimeout"},
		{redisbackend.Options{Buffer: -1}, "Buffer"},
		{redisbackend.Options{Buffer: 1}, "Buffer"},
		{redisbackend.Options{Watch: 3}, "Watch"},
		{redisbackend.Options{Watch: -1}, "Watch"},
	} {
		_, err := redisbackend.Dial(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}}, test.options)
		wantRefusal(t, fmt.Sprintf("Dial with %+v", test.options), err, "Options."+test.names)
	}
	_, err := redisbackend.Dial(rueidis.ClientOption{}, redisbackend.Options{})
	wantRefusal(t, "Dial without an address", err, "InitAddress")
	_, err = redisbackend.New(nil, redisbackend.Options{})
	wantRefusal(t, "New without a client", err, "nil")
}
