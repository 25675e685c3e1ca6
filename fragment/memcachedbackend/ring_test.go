package memcachedbackend_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pongocache/pongocache/fragment/memcachedbackend"
)

func ringServers(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("cache%d:11211", i+1))
	}
	return names
}

const ringKeys = 20_000

func ringKey(i int) string { return fmt.Sprintf("shop|page|i%d", i) }

func TestServersShareKeysAboutEqually(t *testing.T) {
	for n := 1; n <= 6; n++ {
		names, shares := ringServers(n), make(map[string]int)
		pick := memcachedbackend.Picker(names)
		for i := range ringKeys {
			shares[pick(ringKey(i))]++
		}
		for _, name := range names {
			if fair := ringKeys / n; shares[name] < fair*3/4 || shares[name] > fair*5/4 {
				t.Errorf("of %d servers %s has %d of %d keys, want about %d", n, name, shares[name], ringKeys, fair)
			}
		}
	}
}

func TestAServerMoreMovesItsShareOfKeysAlone(t *testing.T) {
	before, after := ringServers(4), ringServers(5)
	pickBefore, pickAfter := memcachedbackend.Picker(before), memcachedbackend.Picker(after)
	moved := 0
	for i := range ringKeys {
		was, is := pickBefore(ringKey(i)), pickAfter(ringKey(i))
		if was == is {
			continue
		}
		if moved++; is != after[4] {
			t.Fatalf("a key moved from %s to %s, want none to move but to the new server", was, is)
		}
	}
	// The same, read backwards, is a server less.
	if fair := ringKeys / 5; moved < fair*3/4 || moved > fair*5/4 {
		t.Errorf("%d of %d keys moved, want about %d", moved, ringKeys, fair)
	}
}

func TestOrderOfServersDoesNotMatter(t *testing.T) {
	names := ringServers(5)
	other := slices.Clone(names)
	slices.Reverse(other)
	pick, pickOther := memcachedbackend.Picker(names), memcachedbackend.Picker(other)
	for i := range ringKeys {
		if a, b := pick(ringKey(i)), pickOther(ringKey(i)); a != b {
			t.Fatalf("%q belongs to %s or to %s, by the order of the servers", ringKey(i), a, b)
		}
	}
}

// TestPlaceOfAKeyIsTheSameInEachVersion is what lets processes of different
// versions share servers. A change here costs everybody all entries.
func TestPlaceOfAKeyIsTheSameInEachVersion(t *testing.T) {
	var got []string
	pick := memcachedbackend.Picker(ringServers(3))
	for i := range 8 {
		got = append(got, pick(ringKey(i * i))[:6])
	}
	want := []string{"cache3", "cache2", "cache2", "cache2", "cache2", "cache1", "cache3", "cache3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
