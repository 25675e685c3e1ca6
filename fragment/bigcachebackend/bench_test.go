package bigcachebackend_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"testing"
	"time"

	"github.com/allegro/bigcache/v3"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/ratio"
)

// openWhole opens a cache whose heap is that of one in use: over an empty one the
// garbage collector runs after every few thousand hits.
func openWhole(b *testing.B) *fragment.Cache {
	b.Helper()
	c, err := fragment.Open(ctx, "bigcache://?preallocate=true", fragment.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// bare is what a program without pongocache would write: the same cache, and
// no more than that.
func bare(b *testing.B, key string, value []byte) *bigcache.BigCache {
	b.Helper()
	cache, err := bigcache.New(ctx, bigcache.Config{
		Shards: 64, LifeWindow: math.MaxInt64, HardMaxCacheSize: 64,
		MaxEntriesInWindow: 64 << 10, MaxEntrySize: 1 << 10, Hasher: seeded{maphash.MakeSeed()},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := cache.Set(key, value); err != nil {
		b.Fatal(err)
	}
	return cache
}

type seeded struct{ seed maphash.Seed }

func (s seeded) Sum64(key string) uint64 { return maphash.String(s.seed, key) | 1<<63 }

// hits returns a side that gets one key after another, n times, from a bare
// bigcache.
func hits(b *testing.B, cache *bigcache.BigCache, keys ...string) func(n int) {
	next := 0
	return func(n int) {
		for range n {
			if _, err := cache.Get(keys[next]); err != nil {
				b.Fatal(err)
			}
			if next++; next == len(keys) {
				next = 0
			}
		}
	}
}

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// do asks for k once, which must be a hit.
func do(ctx context.Context, b *testing.B, c *fragment.Cache, k fragment.Key) {
	if _, err := c.Do(ctx, k, fragment.Policy{}, noFill); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMachine tells what the others are to be judged by.
func BenchmarkMachine(b *testing.B) {
	b.Run("SHA-256 of 64 bytes", func(b *testing.B) {
		data := make([]byte, 64)
		for b.Loop() {
			sha256.Sum256(data)
		}
	})
	b.Run("time.Now", func(b *testing.B) {
		for b.Loop() {
			time.Now()
		}
	})
	b.Run("bare Get of 1 KB", func(b *testing.B) {
		get := hits(b, bare(b, "user|i42", make([]byte, 1<<10)), "user|i42")
		b.ReportAllocs()
		get(b.N)
	})
}

// BenchmarkHit sets hits of 1 KB through the engine against bare ones: of one key
// that everybody asks for, which is not copied, and of one after another of
// many, which come from the ring.
func BenchmarkHit(b *testing.B) {
	for _, many := range []int{1, 1000} {
		value, name := make([]byte, 1<<10), "profile"
		c, plain := openWhole(b), bare(b, "user", value)
		keys, texts := make([]fragment.Key, many), make([]string, many)
		for id := range many {
			keys[id], texts[id] = fragment.KeyOf("user", id, name), fmt.Sprintf("user|i%d|s7.profile", id)
			if err := errors.Join(c.Set(ctx, keys[id], value, fragment.Policy{}), plain.Set(texts[id], value)); err != nil {
				b.Fatal(err)
			}
		}
		baseline := hits(b, plain, texts...)
		b.Run(fmt.Sprintf("key built before/keys=%d", many), func(b *testing.B) {
			ratio.Compare(b, baseline, func(n int) {
				for i := range n {
					do(ctx, b, c, keys[i%many])
				}
			})
		})
		b.Run(fmt.Sprintf("KeyOf and Do/keys=%d", many), func(b *testing.B) {
			ratio.Compare(b, baseline, func(n int) {
				for i := range n {
					do(ctx, b, c, fragment.KeyOf("user", i%many, name))
				}
			})
		})
	}
}

// BenchmarkTags reports what each tag of an entry adds to a hit on it: alone,
// inside a fill that has heard of the tags before, and inside one that has not.
func BenchmarkTags(b *testing.B) {
	for _, tags := range []int{4, 16} {
		c := openWhole(b)
		tagged, plain := withTags(b, c, tags), withTags(b, c, 0)
		repeat := func(ctx context.Context, b *testing.B, k fragment.Key) func(n int) {
			return func(n int) {
				for range n {
					do(ctx, b, c, k)
				}
			}
		}
		b.Run(fmt.Sprint(tags, "/alone"), func(b *testing.B) {
			perTag(b, tags, repeat(ctx, b, plain), repeat(ctx, b, tagged))
		})
		b.Run(fmt.Sprint(tags, "/in a scope that knows them"), func(b *testing.B) {
			inFill(b, c, func(ctx context.Context) {
				perTag(b, tags, repeat(ctx, b, plain), repeat(ctx, b, tagged))
			})
		})
		b.Run(fmt.Sprint(tags, "/in a new scope"), func(b *testing.B) {
			each := func(k fragment.Key) func(n int) {
				return func(n int) {
					for range n {
						inFill(b, c, func(ctx context.Context) { do(ctx, b, c, k) })
					}
				}
			}
			perTag(b, tags, each(plain), each(tagged))
		})
	}
}

// withTags returns the key of an entry that has so many tags.
func withTags(b *testing.B, c *fragment.Cache, tags int) fragment.Key {
	b.Helper()
	p := fragment.Policy{TTL: time.Hour}
	for i := range tags {
		p.Tags = append(p.Tags, fmt.Sprint("product:", 1000+i))
	}
	k := fragment.KeyOf("tagged", tags)
	if err := c.Set(ctx, k, make([]byte, 1<<10), p); err != nil {
		b.Fatal(err)
	}
	return k
}

// inFill runs f inside a fill whose value is not stored.
func inFill(b *testing.B, c *fragment.Cache, f func(ctx context.Context)) {
	_, err := c.Do(ctx, fragment.KeyOf("around"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		fragment.DoNotStore(ctx, "benchmark")
		f(ctx)
		return nil, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func perTag(b *testing.B, tags int, without, with func(n int)) {
	m := ratio.Medians(b, without, with)
	b.ReportMetric((m[1]-m[0])/float64(tags), "ns-per-tag")
}
