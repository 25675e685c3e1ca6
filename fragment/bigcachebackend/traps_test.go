package bigcachebackend_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

// small is a cache of one ring, so that all keys meet.
var small = bigcachebackend.Options{Size: 1 << 20, Shards: 1}

// bigcache counts the length of a key in 16 bits and locks up for ever near
// the end of that.
func TestLongestKeys(t *testing.T) {
	c := cached(t, small)
	for _, n := range []int{100, 200, 255, 256, 65_000, 65_517, 65_518, 65_535, 65_536, 70_000} {
		k := fragment.KeyOf("long", strings.Repeat("k", n))
		if err := c.Set(ctx, k, []byte("value"), fragment.Policy{}); err != nil {
			t.Fatalf("Set under a part of %d bytes: %v", n, err)
		}
		for range 2 {
			if value, ok, err := c.Get(ctx, k); !ok || err != nil || string(value) != "value" {
				t.Errorf("Get of a part of %d bytes: got %q, %v, %v, want its value", n, value, ok, err)
			}
		}
	}
}

// A shard of bigcache empties itself for an entry that it then refuses.
func TestRefusedEntryEvictsNobody(t *testing.T) {
	b := opened(t, small)
	const kept = 500
	for i := range kept {
		set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
	}
	most := bigcachebackend.LargestEntry(b)
	for _, n := range []int{most, most + 1, 1 << 20, 2 << 20, 10 << 20} {
		err := b.Set(ctx, "large", make([]byte, n), ttl)
		if !errors.Is(err, fragment.ErrTooLarge) {
			t.Errorf("Set of %d bytes: got error %v, want fragment.ErrTooLarge", n, err)
		}
	}
	if u := b.Usage(); u.Entries != kept {
		t.Errorf("got %d entries after refused ones, want the %d before", u.Entries, kept)
	}
}

// A ring that has grown part of the way refuses what a full one takes, and
// empties itself each time.
func TestEveryLegalSizeFitsWhateverWasThereBefore(t *testing.T) {
	for before := 0; before < 1<<20; before += 61 << 10 {
		for _, piece := range []int{100, 3000, 50_000, 300_000} {
			b := opened(t, small)
			for i := 0; i*piece < before; i++ {
				set(t, b, fmt.Sprint("key", i), make([]byte, piece))
			}
			most := bigcachebackend.LargestEntry(b) - len("large")
			for _, n := range []int{most, most / 2, most - 1, most * 3 / 4, most} {
				want := bytes.Repeat([]byte{7}, n-1+n%2)
				set(t, b, "large", want)
				if got, ok, err := b.Get(ctx, "large"); !ok || err != nil || !bytes.Equal(got, want) {
					t.Fatalf("after %d bytes in pieces of %d: a value of %d bytes is not there", before, piece, n)
				}
			}
			b.Close()
		}
	}
}

// bigcache takes the hash 0 for a deleted entry and writes into others.
func TestHashIsSeededAndNeverZero(t *testing.T) {
	one, two := bigcachebackend.NewHash(), bigcachebackend.NewHash()
	if one("key") == two("key") {
		t.Error("two backends hash a key alike, want a seed of its own in each")
	}
	for i := range 100_000 {
		if hash := one(fmt.Sprint("key", i)); hash>>63 != 1 {
			t.Fatalf("got the hash %x, want one that is not 0 whatever the seed", hash)
		}
	}
}

// bigcache counts the life of entries in whole seconds and for all alike.
func TestLifeIsThatOfTheEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cached(t, small)
		day := 24 * time.Hour
		lives := []time.Duration{
			time.Millisecond, 999 * time.Millisecond, time.Second, 1500 * time.Millisecond,
			time.Hour, 40 * day, 366 * day, 80 * 365 * day, fragment.Forever,
		}
		for _, ttl := range slices.Backward(lives) { // bigcache looks at the oldest first
			if err := c.Set(ctx, fragment.KeyOf("lives", int64(ttl)), []byte("value"), fragment.Policy{TTL: ttl}); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		for i, now := range lives {
			time.Sleep(time.Until(began.Add(min(now, 100*365*day) - 1)))
			c.Set(ctx, fragment.KeyOf("other", i), nil, fragment.Policy{}) // which is when it looks
			for _, ttl := range lives {
				if _, ok, _ := c.Get(ctx, fragment.KeyOf("lives", int64(ttl))); ok != (ttl >= now) {
					t.Errorf("after %v less 1ns: got %v for an entry that lives %v", now, ok, ttl)
				}
			}
		}
		if n := c.Stats().Faults; n != 0 {
			t.Errorf("got %d faults, want none", n)
		}
	})
}

// What bigcache reports beside "not found" is a fault and a miss.
func TestDamageIsAFaultAndAMiss(t *testing.T) {
	b := opened(t, small)
	c, err := fragment.New(b, fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bigcachebackend.Damage(b, "page"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.Get(ctx, "page"); ok || err == nil {
		t.Errorf("Get of damaged bytes: got ok %v, error %v, want an error", ok, err)
	}
	if _, ok, err := c.Get(ctx, fragment.KeyOf("page")); ok || err != nil {
		t.Errorf("Cache.Get of damaged bytes: got ok %v, error %v, want a miss", ok, err)
	}
	if s := c.Stats(); s.Faults != 1 || s.Misses != 1 {
		t.Errorf("got %d faults and %d misses, want one of each", s.Faults, s.Misses)
	}
}
