package memcachedbackend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func TestTTLIsRoundedUpAndNeverForEverByAccident(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Unix(1_800_000_000, 0)
	tests := []struct {
		ttl  time.Duration
		want int32
	}{
		{1, 1}, {time.Millisecond, 1}, {999 * time.Millisecond, 1}, {time.Second, 1}, {time.Second + 1, 2},
		{1500 * time.Millisecond, 2}, {time.Hour, 3600}, {30 * day, 2592000},
		{30*day + 1, 1_800_000_000 + 2592001}, {40 * day, 1_800_000_000 + 3456000},
		{fragment.Forever, 0},
		// 2038 ends the dates of memcached.
		{347_483_647 * time.Second, 1<<31 - 1}, {347_483_648 * time.Second, 0},
		{fragment.Forever - 1, 0}, {100 * 365 * day, 0},
	}
	for _, test := range tests {
		if got := memcachedbackend.Expires(test.ttl, now); got != test.want {
			t.Errorf("ttl %v: got %d, want %d", test.ttl, got, test.want)
		}
	}
	if got := memcachedbackend.Expires(time.Millisecond, time.Unix(1<<33, 0)); got != 1 {
		t.Errorf("ttl 1ms after 2038: got %d, want 1", got)
	}
}

// TestServerKeepsEntriesAsLongAsTheirTTL asks the server itself.
func TestServerKeepsEntriesAsLongAsTheirTTL(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	left := func(key string) string {
		reply, err := servers.RedisCommand(s.Addr, "mg "+key+" t")
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	tests := map[string]struct {
		ttl  time.Duration
		want []string
	}{
		"long":    {40 * 24 * time.Hour, []string{"HD t3456000", "HD t3455999", "HD t3455998"}},
		"hour":    {time.Hour, []string{"HD t3600", "HD t3599", "HD t3598"}},
		"forever": {fragment.Forever, []string{"HD t-1"}},
		"touched": {time.Hour, []string{"HD t7200", "HD t7199", "HD t7198"}},
	}
	for key, test := range tests {
		if err := b.Set(ctx, key, []byte("value"), test.ttl); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Touch(ctx, 2*time.Hour, "touched", "absent"); err != nil {
		t.Errorf("Touch: got error %v, want none", err)
	}
	for key, test := range tests {
		if got := left(key); !strings.Contains(strings.Join(test.want, ";")+";", got+";") {
			t.Errorf("ttl %v: the server keeps it %q, want one of %q", test.ttl, got, test.want)
		}
	}
	if err := b.Set(ctx, "brief", []byte("value"), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	await(t, 5*time.Second, "the end of 1ms", func() bool { return left("brief") == "EN" })
}

func TestKeysStayApartAndFit(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	long := strings.Repeat("k", 300)
	keys := []string{
		strings.Repeat("k", 200), strings.Repeat("k", 201), long, long + "1", long + "2", "with space", "with\r\nline", "", "\x00", "é",
		"withspace", memcachedbackend.NameOf(long), memcachedbackend.LeaseName("key"), "key",
	}
	names := make(map[string]string)
	for _, key := range keys {
		for _, name := range []string{memcachedbackend.NameOf(key), memcachedbackend.LeaseName(key)} {
			if other, taken := names[name]; taken {
				t.Errorf("%q and %q have one key in memcached", key, other)
			}
			if names[name] = key; len(name) > 250 || strings.ContainsAny(name, " \r\n\x00") || name == "" {
				t.Errorf("%q has the key %q in memcached, which that does not take", key, name)
			}
		}
		set(t, b, key, []byte("of "+key))
	}
	for _, key := range keys {
		want(t, b, key, []byte("of "+key))
	}
	if got := memcachedbackend.NameOf("shop|page|i42"); got != "shop|page|i42" {
		t.Errorf("a key of the engine is %q in memcached, want it as it is", got)
	}
}
