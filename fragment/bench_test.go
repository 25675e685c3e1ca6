package fragment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	measure "github.com/pongocache/pongocache/internal/ratio"
)

// repeat asks for k n times.
func repeat(b *testing.B, c *fragment.Cache, k fragment.Key, p fragment.Policy) func(n int) {
	if _, err := c.Do(b.Context(), k, p, give("value")); err != nil {
		b.Fatal(err)
	}
	return func(n int) {
		for range n {
			if _, err := c.Do(b.Context(), k, p, give("value")); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// What the engine adds to a hit on a Backend of another process, whose trip costs
// nothing here: it reads stamps beside the entry.
func BenchmarkSharedHit(b *testing.B) {
	local := open(b, fragmenttest.NewMemory(), fragment.Options{})
	shared := open(b, fragmenttest.NewServer().Connect(), fragment.Options{})
	for _, tags := range []int{0, 4} {
		p := fragment.Policy{TTL: time.Hour}
		for i := range tags {
			p.Tags = append(p.Tags, fmt.Sprint("tag:", i))
		}
		k := fragment.KeyOf("k", tags)
		b.Run(fmt.Sprint("tags=", tags), func(b *testing.B) {
			measure.Compare(b, repeat(b, local, k, p), repeat(b, shared, k, p))
		})
	}
}

// What it costs a hit that its policy says Early.
func BenchmarkEarlyHit(b *testing.B) {
	c := open(b, fragmenttest.NewMemory(), fragment.Options{})
	plain, early := fragment.Policy{TTL: time.Hour}, fragment.Policy{TTL: time.Hour, Early: 1}
	measure.Compare(b, repeat(b, c, body, plain), repeat(b, c, head, early))
}

// A fill that has nothing to do, beside one in a cache that keeps nothing.
func BenchmarkFill(b *testing.B) {
	null := open(b, fragment.Null(), fragment.Options{})
	c := open(b, fragmenttest.NewMemory(), fragment.Options{})
	p := fragment.Policy{Refresh: true}
	measure.Compare(b, repeat(b, null, body, p), repeat(b, c, body, p))
}

// A hundred keys at once beside one after the other.
func BenchmarkDoMany(b *testing.B) {
	const many = 100
	for name, backend := range map[string]fragment.Backend{"local": fragmenttest.NewMemory(), "shared": fragmenttest.NewServer().Connect()} {
		c := open(b, backend, fragment.Options{})
		var keys []fragment.Key
		for i := range many {
			keys = append(keys, fragment.KeyOf("k", i))
		}
		fill := func(_ context.Context, missing []int) ([]fragment.Filled, error) {
			return make([]fragment.Filled, len(missing)), nil
		}
		b.Run(name, func(b *testing.B) {
			measure.Compare(b, func(n int) {
				for range n {
					for _, k := range keys {
						if _, err := c.Do(b.Context(), k, fragment.Policy{}, give("")); err != nil {
							b.Fatal(err)
						}
					}
				}
			}, func(n int) {
				for range n {
					if _, err := c.DoMany(b.Context(), keys, fragment.Policy{}, fill); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// A hit of a copy that is kept near, beside one in a cache in memory.
func BenchmarkNearHit(b *testing.B) {
	local := open(b, fragmenttest.NewMemory(), fragment.Options{})
	near := open(b, fragmenttest.NewServer().Connect(), fragment.Options{Near: fragmenttest.NewMemory()})
	for _, tags := range []int{0, 4} {
		p := fragment.Policy{TTL: time.Hour}
		for i := range tags {
			p.Tags = append(p.Tags, fmt.Sprint("tag:", i))
		}
		k := fragment.KeyOf("k", tags)
		b.Run(fmt.Sprint("tags=", tags), func(b *testing.B) {
			measure.Compare(b, repeat(b, local, k, p), repeat(b, near, k, p))
		})
	}
}
