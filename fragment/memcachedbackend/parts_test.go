package memcachedbackend_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// splitting has parts that are small, so that there are some of them.
var splitting = memcachedbackend.Options{ItemSize: 16 << 10, Large: memcachedbackend.Split}

// split stores a value in parts and returns what memcached holds of it.
func split(t *testing.T) (b *memcachedbackend.Backend, client *memcache.Client, parts []string) {
	t.Helper()
	s := servers.Memcached(t)
	b, client = opened(t, splitting, s.Addr), beside(t, s.Addr)
	set(t, b, "key", pattern(100<<10))
	return b, client, partsOf(t, client)
}

func partsOf(t *testing.T, client *memcache.Client) []string {
	t.Helper()
	head, err := client.Get("key")
	if err != nil || head.Flags != memcachedbackend.HeadFlags {
		t.Fatalf("the head: got %v, error %v, want one", head, err)
	}
	parts := memcachedbackend.PartNames(head.Value)
	if len(parts) != 7 {
		t.Fatalf("100 KiB in items of 16 KiB: got %d parts, want 7", len(parts))
	}
	return parts
}

func there(t *testing.T, client *memcache.Client, keys ...string) int {
	t.Helper()
	items, err := client.GetMulti(keys)
	if err != nil {
		t.Fatal(err)
	}
	return len(items)
}

func TestAMissingOrForeignPartIsAMiss(t *testing.T) {
	b, client, parts := split(t)
	foreign := map[string]func(part *memcache.Item){
		"longer":    func(part *memcache.Item) { part.Value = append(part.Value, 0) },
		"empty":     func(part *memcache.Item) { part.Value = nil },
		"changed":   func(part *memcache.Item) { part.Value[5] ^= 1 },
		"of others": func(part *memcache.Item) { part.Value = []byte("hello") },
	}
	for name, change := range foreign {
		for _, part := range []string{parts[0], parts[6]} {
			item, err := client.Get(part)
			if err != nil {
				t.Fatal(err)
			}
			before := *item
			before.Value = bytes.Clone(item.Value)
			change(item)
			if err := client.Set(item); err != nil {
				t.Fatal(err)
			}
			if got, ok, err := b.Get(ctx, "key"); ok || err != nil {
				t.Errorf("a part that is %s: got %d bytes, error %v, want a miss", name, len(got), err)
			}
			if err := client.Set(&before); err != nil {
				t.Fatal(err)
			}
			want(t, b, "key", pattern(100<<10))
		}
	}
	if err := client.Delete(parts[3]); err != nil {
		t.Fatal(err)
	}
	wantMiss(t, b, "key")
	if found, err := b.GetMany(ctx, []string{"key", "other"}); len(found) != 0 || err != nil {
		t.Errorf("GetMany: got %d, error %v, want nothing", len(found), err)
	}
}

func TestPartsGoWithTheirEntry(t *testing.T) {
	b, client, parts := split(t)
	if err := b.Delete(ctx, "key", "absent"); err != nil {
		t.Fatal(err)
	}
	if n := there(t, client, append(parts, "key")...); n != 0 {
		t.Errorf("after Delete: got %d items of a large value, want none", n)
	}
	set(t, b, "key", pattern(100<<10))
	older := partsOf(t, client)
	set(t, b, "key", pattern(100<<10))
	if newer := partsOf(t, client); newer[0] == older[0] || there(t, client, newer...) != 7 || there(t, client, older...) != 0 {
		t.Error("a large value over another one: want all the parts of the new one alone, under keys of their own")
	}
	if err := b.Touch(ctx, 40*time.Hour, "key"); err != nil {
		t.Fatal(err)
	}
	want(t, b, "key", pattern(100<<10))
}

func TestAnAdditionThatComesLateLeavesNoParts(t *testing.T) {
	b, client, _ := split(t)
	before := partsOf(t, client)
	if added, err := b.Add(ctx, "key", pattern(50<<10), ttl); added || err != nil {
		t.Errorf("Add: got %v, error %v, want false", added, err)
	}
	if now := partsOf(t, client); now[0] != before[0] {
		t.Error("Add replaced what was there")
	}
	want(t, b, "key", pattern(100<<10))
}

// TestOfTwoLargeAdditionsAtOnceOneLeavesNoParts adds through a slow connection, and
// through another one before the head has gone through the first.
func TestOfTwoLargeAdditionsAtOnceOneLeavesNoParts(t *testing.T) {
	s := servers.Memcached(t)
	proxy := servers.NewProxy(t, s.Addr)
	slow, b := opened(t, splitting, proxy.Addr), opened(t, splitting, s.Addr)
	proxy.Delay(200 * time.Millisecond)
	done := make(chan bool)
	go func() {
		added, err := slow.Add(ctx, "key", pattern(50<<10), ttl)
		done <- added || err != nil
	}()
	await(t, 5*time.Second, "the parts", func() bool { return stat(t, s.Addr, "curr_items") == 4 })
	if added, err := b.Add(ctx, "key", pattern(100<<10), ttl); !added || err != nil {
		t.Errorf("Add before the head of another one: got %v, error %v, want true", added, err)
	}
	if <-done {
		t.Error("Add after that of another: got true or an error, want false")
	}
	want(t, b, "key", pattern(100<<10))
	if n := stat(t, s.Addr, "curr_items"); n != 8 {
		t.Errorf("got %d items, want 7 parts and a head", n)
	}
}

func TestWhoRefusesLargeValuesReadsSplitOnes(t *testing.T) {
	s := servers.Memcached(t)
	set(t, opened(t, splitting, s.Addr), "key", pattern(100<<10))
	want(t, opened(t, memcachedbackend.Options{}, s.Addr), "key", pattern(100<<10))
}

// TestAForeignHeadIsAMiss has heads that promise all kinds of things.
func TestAForeignHeadIsAMiss(t *testing.T) {
	b, client, _ := split(t)
	heads := [][]byte{
		nil, []byte("hello"), memcachedbackend.Head(100, 10), memcachedbackend.Head(1<<40, 1<<30),
		memcachedbackend.Head(1<<20, 1), memcachedbackend.Head(0, 0), memcachedbackend.Head(-1, 1), bytes.Repeat([]byte{0xff}, 33),
	}
	for _, head := range heads {
		if err := client.Set(&memcache.Item{Key: "key", Value: head, Flags: memcachedbackend.HeadFlags}); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := b.Get(ctx, "key"); ok || err != nil {
			t.Errorf("a head %x: got %d bytes, error %v, want a miss", head, len(got), err)
		}
		if err := b.Delete(ctx, "key"); err != nil {
			t.Errorf("Delete of a head %x: got error %v, want none", head, err)
		}
	}
}

// TestALargeValueThatFailsIsNeverHalfThere cuts the connection ever later.
func TestALargeValueThatFailsIsNeverHalfThere(t *testing.T) {
	s := servers.Memcached(t)
	proxy := servers.NewProxy(t, s.Addr)
	b, direct := opened(t, splitting, proxy.Addr), opened(t, splitting, s.Addr)
	old, value := pattern(60<<10), pattern(90<<10)
	for cut := 0; cut < 120; cut += 7 { // replies of 8 bytes to 6 parts, and 35 for the head before
		set(t, direct, "key", old)
		proxy.CutAfter(cut)
		bounded, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := b.Set(bounded, "key", value, ttl)
		cancel()
		proxy.CutAfter(-1)
		got, ok, failed := direct.Get(ctx, "key")
		switch {
		case failed != nil:
			t.Fatalf("Get: %v", failed)
		case ok && !bytes.Equal(got, value) && !bytes.Equal(got, old):
			t.Errorf("cut after %d bytes: got %d bytes that nobody set", cut, len(got))
		case err == nil && !bytes.Equal(got, value):
			t.Errorf("cut after %d bytes: Set returned no error, and another value is there", cut)
		}
	}
}
