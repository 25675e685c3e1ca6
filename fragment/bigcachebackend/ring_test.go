package bigcachebackend_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

// content is the n-th value of a key; it proves which of them it is.
func content(key string, n, size int) []byte {
	head := fmt.Sprintf("%s #%d of %d;", key, n, size)
	value := bytes.Repeat([]byte{byte(n)}, max(size, len(head)))
	copy(value, head)
	return value
}

// Rings that grow, wrap around and are punched with holes hold, under each
// key, its last value or none.
func TestRingHoldsTheLastValueOrNone(t *testing.T) {
	for seed := range uint64(6) {
		dice := rand.New(rand.NewPCG(seed, 1))
		b := opened(t, bigcachebackend.Options{Size: 1 << 20, Shards: 1 << (seed % 4)})
		largest := bigcachebackend.LargestEntry(b)
		last := make(map[string][]byte)
		var hits int
		for i := range 6000 {
			key := fmt.Sprint("key", dice.IntN(300))
			switch {
			case dice.IntN(10) == 0:
				b.Delete(ctx, key)
				last[key] = nil
			default:
				size := dice.IntN(1 << dice.IntN(17))
				last[key] = content(key, i, min(size, largest/2))
				set(t, b, key, last[key])
			}
			key = fmt.Sprint("key", dice.IntN(300))
			got, ok, err := b.Get(ctx, key)
			if err != nil || ok && !bytes.Equal(got, last[key]) {
				t.Fatalf("seed %d, step %d: Get(%q): got %.60q, error %v, want %.60q or a miss", seed, i, key, got, err, last[key])
			}
			if ok {
				hits++
			}
		}
		if hits < 1000 {
			t.Errorf("seed %d: got %d hits of 6000, want that most of what fits is kept", seed, hits)
		}
	}
}

// The same from many goroutines, while figures are read and the backend is
// closed at last. It is for the race detector.
func TestRingUnderConcurrentUse(t *testing.T) {
	b := opened(t, bigcachebackend.Options{Size: 2 << 20, Shards: 2})
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(worker), 1))
			for i := range 2000 {
				own, others := fmt.Sprint("own", worker), fmt.Sprint("shared", dice.IntN(50))
				want := content(own, i, dice.IntN(3000))
				b.Set(ctx, own, want, ttl)
				b.Set(ctx, others, content(others, i, dice.IntN(30_000)), ttl)
				if got, ok, err := b.Get(ctx, own); err != nil || ok && !bytes.Equal(got, want) {
					t.Errorf("Get(%q): got %.60q, error %v, want %.60q or a miss", own, got, err, want)
				}
				if got, ok, err := b.Get(ctx, others); err != nil || ok && !bytes.HasPrefix(got, []byte(others+" #")) {
					t.Errorf("Get(%q): got %.60q, error %v, want a value of that key or a miss", others, got, err)
				}
				b.Delete(ctx, others)
				if u := b.Usage(); u.Bytes > u.Capacity {
					t.Errorf("Usage: got %+v, want no more bytes than the capacity", u)
				}
				if worker == 0 && i == 1800 {
					b.Close()
				}
			}
		})
	}
	all.Wait()
}
