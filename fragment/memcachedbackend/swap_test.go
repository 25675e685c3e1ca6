package memcachedbackend_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func wantSwap(t testing.TB, b *memcachedbackend.Backend, old, value []byte, swapped bool) {
	t.Helper()
	got, err := b.Swap(ctx, "key", old, value, ttl)
	if got != swapped || err != nil {
		t.Fatalf("Swap of %d bytes by %d: got %v, error %v, want %v", len(old), len(value), got, err, swapped)
	}
}

// TestSwapOfALargeValue takes the parts of what it replaces away, and leaves none of
// what does not come about.
func TestSwapOfALargeValue(t *testing.T) {
	b, client, parts := split(t)
	large, other := pattern(100<<10), bytes.Repeat([]byte("other"), 20<<10)
	before := stat(t, b.Addr(), "curr_items")
	wantSwap(t, b, other, large, false)
	if n := stat(t, b.Addr(), "curr_items"); n != before {
		t.Errorf("after a Swap that did not come about: got %d items, want %d", n, before)
	}
	wantSwap(t, b, large, other, true)
	want(t, b, "key", other)
	newer := partsOf(t, client)
	if there(t, client, parts...) != 0 || there(t, client, newer...) != len(newer) {
		t.Error("a large value in place of another one: want the parts of the new one alone")
	}
	wantSwap(t, b, other, []byte("small"), true)
	want(t, b, "key", []byte("small"))
	if n := there(t, client, newer...); n != 0 {
		t.Errorf("a small value in place of a large one: got %d parts, want none", n)
	}
}

// TestSwapBesideAWriter has another process write between the look of a Swap and what
// it does then: the same value again, too, is not what was seen.
func TestSwapBesideAWriter(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	proxy := servers.NewProxy(t, s.Addr)
	slow := opened(t, memcachedbackend.Options{}, proxy.Addr)
	for _, value := range []string{"old", "new"} {
		set(t, b, "key", []byte("old"))
		want(t, slow, "key", []byte("old")) // it is connected
		proxy.Delay(300 * time.Millisecond)
		done := make(chan bool)
		gets := stat(t, s.Addr, "get_hits")
		go func() {
			swapped, err := slow.Swap(ctx, "key", []byte("old"), []byte("swapped"), ttl)
			done <- swapped || err != nil
		}()
		await(t, 5*time.Second, "the look of Swap", func() bool { return stat(t, s.Addr, "get_hits") > gets })
		set(t, b, "key", []byte(value))
		if <-done {
			t.Errorf("Swap beside a Set of %q: it was done, or failed, want neither", value)
		}
		proxy.Delay(0)
		want(t, b, "key", []byte(value))
	}
}

func TestSwapWithoutCompareAndSwap(t *testing.T) {
	b := opened(t, memcachedbackend.Options{}, servers.Memcached(t, "-C").Addr)
	set(t, b, "key", []byte("old"))
	if ok, err := b.Swap(ctx, "key", []byte("old"), []byte("new"), ttl); ok || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Swap: got %v, error %v, want one that wraps errors.ErrUnsupported", ok, err)
	}
}

// TestExpireKeepsWhatIsServedIfTheRefillFails by each protocol, and deletes it where
// the server cannot compare and swap.
func TestExpireKeepsWhatIsServedIfTheRefillFails(t *testing.T) {
	secured := withSASL(t)
	for name, test := range map[string]struct {
		b    *memcachedbackend.Backend
		kept bool
	}{
		"text":                     {opened(t, memcachedbackend.Options{}, servers.Memcached(t).Addr), true},
		"SASL":                     {opened(t, memcachedbackend.Options{SASL: true, User: user, Password: password}, secured.Addr), true},
		"without compare and swap": {opened(t, memcachedbackend.Options{}, servers.Memcached(t, "-C").Addr), false},
	} {
		c, err := fragment.New(test.b, fragment.Options{ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		k, p := fragment.KeyOf("page"), fragment.Policy{TTL: time.Hour, Stale: time.Hour}
		if err := c.Set(ctx, k, []byte("old"), p); err != nil {
			t.Fatal(err)
		}
		if err := c.Expire(ctx, k); err != nil {
			t.Fatalf("%s: Expire: %v", name, err)
		}
		if _, ok, err := c.Get(ctx, k); ok || err != nil {
			t.Errorf("%s: Get after Expire: got %v, error %v, want a miss", name, ok, err)
		}
		got, err := c.Do(ctx, k, p, func(context.Context) ([]byte, error) { return nil, errors.New("the fill failed") })
		if kept := string(got) == "old" && err == nil; kept != test.kept {
			t.Errorf("%s: Do whose fill fails after Expire: got %q, error %v, want it kept: %v", name, got, err, test.kept)
		}
	}
}
