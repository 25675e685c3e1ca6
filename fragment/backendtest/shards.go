package backendtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// shards are the stores of the backend, if it is a fragment.Sharder of several, and
// what tells whose a key is.
func (s *subject) shards() (some []fragment.Backend, of func(key string) int) {
	if sharder, ok := s.Backend.(fragment.Sharder); ok {
		if some = sharder.Shards(); len(some) > 1 && !s.KeepsNothing {
			return some, sharder.ShardOf
		}
	}
	return nil, nil
}

// shardsHoldTheirKeys has the whole and its parts find what the other has set.
func shardsHoldTheirKeys(t testing.TB, s *subject) {
	shards, of := s.shards()
	if shards == nil {
		return
	}
	counts := make([]int, len(shards))
	for i := range 50 * len(shards) {
		key, value := fmt.Sprint("key", i), fmt.Append(nil, i)
		at := of(key)
		if at < 0 || at >= len(shards) {
			t.Fatalf("ShardOf: got %d of %d shards", at, len(shards))
		}
		if counts[at]++; of(key) != at {
			t.Fatalf("ShardOf: got %d and then %d for the same key", at, of(key))
		}
		part := &subject{Backend: shards[at], Harness: s.Harness}
		s.set(t, key, value)
		part.want(t, key, value)
		part.set(t, key, []byte("changed"))
		s.want(t, key, []byte("changed"))
		part.delete(t, key)
		s.wantMiss(t, key)
	}
	if slices.Contains(counts, 0) {
		t.Errorf("of %d keys the shards have %d: want some for each", 50*len(shards), counts)
	}
}

// shardsAreAble has each part do what the whole can.
func shardsAreAble(t testing.TB, s *subject) {
	shards, _ := s.shards()
	for i, one := range shards {
		if got, want := abilitiesOf(one), abilitiesOf(s.Backend); got != want {
			t.Errorf("shard %d can %s, want what the whole can: %s", i, got, want)
		}
	}
}

// abilitiesOf lists what b can that the engine asks for by a method.
func abilitiesOf(b fragment.Backend) string {
	_, inProcess := b.(fragment.InProcess)
	_, adds := b.(fragment.Adder)
	_, leases := b.(fragment.Locker)
	_, many := b.(fragment.ManyGetter)
	return fmt.Sprintf("InProcess %v, Adder %v, Locker %v, ManyGetter %v", inProcess, adds, leases, many)
}
