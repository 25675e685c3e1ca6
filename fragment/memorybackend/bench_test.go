package memorybackend_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memorybackend"
	"github.com/pongocache/pongocache/internal/ratio"
)

// bare is what a program without pongocache would write: an otter cache that is
// bounded in bytes, with a life for its entries, and no more than that.
func bare() *otter.Cache[string, []byte] {
	return otter.Must(&otter.Options[string, []byte]{
		MaximumWeight:    memorybackend.DefaultSize,
		Weigher:          func(key string, value []byte) uint32 { return uint32(len(key) + len(value)) },
		ExpiryCalculator: otter.ExpiryWriting[string, []byte](time.Hour),
	})
}

// openBallasted opens a cache whose heap is that of one in use: over an empty
// one the garbage collector runs after every few thousand hits.
func openBallasted(b *testing.B) *fragment.Cache {
	b.Helper()
	c := openDefault(b)
	fill(b, c, "ballast", 16<<10, 1500)
	return c
}

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// do asks for k once, which must be a hit.
func do(b *testing.B, c *fragment.Cache, k fragment.Key) {
	if _, err := c.Do(ctx, k, fragment.Policy{}, noFill); err != nil {
		b.Fatal(err)
	}
}

// hits returns a side that gets one key after another, n times, from a bare
// otter.
func hits(b *testing.B, cache *otter.Cache[string, []byte], keys []string) func(n int) {
	return func(n int) {
		for i := range n {
			if _, ok := cache.GetIfPresent(keys[i%len(keys)]); !ok {
				b.Fatal("a miss where a hit was wanted")
			}
		}
	}
}

// BenchmarkHit sets hits through the engine against bare ones: of one key that
// everybody asks for, and of one after another of many. Nothing is copied, so
// the size of values must not matter.
func BenchmarkHit(b *testing.B) {
	for _, shape := range []struct{ keys, size int }{{1, 1 << 10}, {1000, 1 << 10}, {1, 200 << 10}} {
		c, plain := openBallasted(b), bare()
		defer plain.StopAllGoroutines()
		keys, texts := make([]fragment.Key, shape.keys), make([]string, shape.keys)
		for id := range shape.keys {
			keys[id], texts[id] = fragment.KeyOf("user", id, "profile"), fmt.Sprintf("user|i%d|s7.profile", id)
			plain.Set(texts[id], make([]byte, shape.size))
			if err := c.Set(ctx, keys[id], make([]byte, shape.size), fragment.Policy{}); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("key built before/keys=%d/size=%d", shape.keys, shape.size), func(b *testing.B) {
			ratio.Compare(b, hits(b, plain, texts), func(n int) {
				for i := range n {
					do(b, c, keys[i%len(keys)])
				}
			})
		})
		b.Run(fmt.Sprintf("KeyOf and Do/keys=%d/size=%d", shape.keys, shape.size), func(b *testing.B) {
			ratio.Compare(b, hits(b, plain, texts), func(n int) {
				for i := range n {
					do(b, c, fragment.KeyOf("user", i%shape.keys, "profile"))
				}
			})
		})
	}
}

// BenchmarkSet sets writes of the backend alone against bare ones, both full, of
// keys that are new.
func BenchmarkSet(b *testing.B) {
	back, err := memorybackend.New(memorybackend.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer back.Close()
	plain := bare()
	defer plain.StopAllGoroutines()
	value := make([]byte, 1<<10)
	var next int
	ours := func(n int) {
		for range n {
			next++
			if err := back.Set(ctx, fmt.Sprint("key", next), value, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
	}
	theirs := func(n int) {
		for range n {
			next++
			plain.Set(fmt.Sprint("key", next), value)
		}
	}
	ours(100_000)
	theirs(100_000)
	ratio.Compare(b, theirs, ours)
}
