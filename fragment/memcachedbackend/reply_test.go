package memcachedbackend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// TestAReplyThatBreaksOffIsNoValue cuts the connection after each number of bytes.
func TestAReplyThatBreaksOffIsNoValue(t *testing.T) {
	s := servers.Memcached(t)
	proxy := servers.NewProxy(t, s.Addr)
	b := opened(t, memcachedbackend.Options{Conns: 2}, proxy.Addr)
	value, other := pattern(60), pattern(40)
	set(t, b, "key", value)
	set(t, b, "other", other)
	whole := len("VALUE key 0 60 1\r\n") + 60 + len("\r\nEND\r\n")
	for cut := range whole + 10 {
		proxy.CutAfter(cut)
		got, ok, err := b.Get(ctx, "key")
		if ok && !bytes.Equal(got, value) || err == nil && !ok {
			t.Fatalf("cut after %d bytes: got %q, ok %v, error %v, want the value or an error", cut, got, ok, err)
		}
		found, err := b.GetMany(ctx, []string{"key", "other"})
		if v, ok := found["key"]; ok && !bytes.Equal(v, value) || err == nil && len(found) != 2 {
			t.Fatalf("cut after %d bytes: GetMany got %q, error %v", cut, found, err)
		}
		proxy.CutAfter(-1)
		want(t, b, "other", other)
	}
}

func TestASlowServerIsWaitedForOrGivenUp(t *testing.T) {
	s := servers.Memcached(t)
	proxy := servers.NewProxy(t, s.Addr)
	b := opened(t, memcachedbackend.Options{}, proxy.Addr)
	for i := range 10 {
		set(t, b, fmt.Sprint("key", i), []byte(fmt.Sprint("value", i)))
	}
	proxy.Delay(40 * time.Millisecond)
	want(t, b, "key1", []byte("value1"))
	for i := range 10 {
		bounded, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		if _, _, err := b.Get(bounded, fmt.Sprint("key", i)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get within 20ms: got error %v, want that the time is up", err)
		}
		cancel()
	}
	proxy.Delay(0)
	for i := range 10 { // what comes late is nobody's answer
		want(t, b, fmt.Sprint("key", i), []byte(fmt.Sprint("value", i)))
	}
}

func TestForeignBytesAreAMissOfTheCache(t *testing.T) {
	s := servers.Memcached(t)
	b, client := opened(t, memcachedbackend.Options{}, s.Addr), beside(t, s.Addr)
	var keys []string
	c, err := fragment.New(recorder{b, &keys}, fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := fragment.KeyOf("page")
	for _, flags := range []uint32{0, 1, memcachedbackend.HeadFlags} {
		for _, foreign := range [][]byte{nil, []byte("hello"), bytes.Repeat([]byte{0xff}, 33), pattern(100_000)} {
			if err := c.Set(ctx, k, []byte("value"), fragment.Policy{}); err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				if err := client.Set(&memcache.Item{Key: key, Value: foreign, Flags: flags}); err != nil {
					t.Fatal(err)
				}
			}
			if got, ok, err := c.Get(ctx, k); ok || err != nil {
				t.Errorf("%d foreign bytes, flags %d: got %q, error %v, want a miss", len(foreign), flags, got, err)
			}
		}
	}
	if len(keys) == 0 {
		t.Error("no key was seen")
	}
}

// recorder notes the keys that are written.
type recorder struct {
	*memcachedbackend.Backend
	keys *[]string
}

func (r recorder) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	*r.keys = append(*r.keys, memcachedbackend.NameOf(key))
	return r.Backend.Set(ctx, key, value, ttl)
}

func TestAFlushOfOthersIsAMiss(t *testing.T) {
	s := servers.Memcached(t)
	c, err := fragment.Open(ctx, "memcached://"+s.Addr, fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	k, fills := fragment.KeyOf("page"), 0
	fill := func(context.Context) ([]byte, error) { fills++; return []byte("value"), nil }
	for range 3 {
		for range 2 {
			if got, err := c.Do(ctx, k, fragment.Policy{Tags: []string{"red"}}, fill); string(got) != "value" || err != nil {
				t.Fatalf("Do: got %q, error %v", got, err)
			}
		}
		flush(t, s.Addr)
	}
	if fills < 3 {
		t.Errorf("got %d fills, want one after each flush", fills)
	}
	if err := c.InvalidateTags(ctx, "red"); err != nil {
		t.Errorf("InvalidateTags after a flush: got error %v, want none", err)
	}
}

// TestADeadServerIsNoReasonToMoveItsKeys is what keeps an entry from coming back
// as it was before somebody invalidated it elsewhere.
func TestADeadServerIsNoReasonToMoveItsKeys(t *testing.T) {
	one, two := servers.Memcached(t), servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, one.Addr, two.Addr)
	placed, pick := make(map[string]string), memcachedbackend.Picker([]string{one.Addr, two.Addr})
	for i := range 40 {
		key := fmt.Sprint("key", i)
		set(t, b, key, []byte(key))
		placed[key] = pick(key)
	}
	one.Kill()
	lost := 0
	for key, at := range placed {
		err := b.Set(ctx, key, []byte("new"), ttl)
		if _, _, failed := b.Get(ctx, key); (err != nil) != (at == one.Addr) || (failed != nil) != (at == one.Addr) {
			t.Errorf("a key of %s, while %s is dead: Set error %v, Get error %v", at, one.Addr, err, failed)
		}
		if err != nil {
			lost++
		}
	}
	if lost == 0 || lost == len(placed) {
		t.Errorf("%d of %d keys are lost with one of two servers", lost, len(placed))
	}
	keys := make([]string, 0, len(placed))
	for key := range placed {
		keys = append(keys, key)
	}
	if found, err := b.GetMany(ctx, keys); err == nil || len(found) != len(placed)-lost {
		t.Errorf("GetMany: got %d, error %v, want the %d of the other server and an error", len(found), err, len(placed)-lost)
	}
}
