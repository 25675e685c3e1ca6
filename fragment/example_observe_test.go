package fragment_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// An observer is told what happens, one Event at a time.
func ExampleEvent() {
	cache := newCache(fragment.Options{
		MaxValue: 5,
		Observe: func(_ context.Context, e fragment.Event) {
			line := fmt.Sprintf("%v %s, %d bytes %s", e.Kind, e.Name, e.Size, e.Reason)
			fmt.Println(strings.TrimSpace(line))
		},
	})
	for _, value := range []string{"tea", "a pot of tea"} {
		key := fragment.KeyOf("drink", len(value))
		cache.Do(context.Background(), key, fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte(value), nil
		})
	}

	// Output:
	// miss drink, 0 bytes
	// fill drink, 3 bytes
	// store drink, 3 bytes
	// miss drink, 0 bytes
	// fill drink, 12 bytes
	// skip drink, 12 bytes fragment: the value is too large to be stored: 12 bytes, and Options.MaxValue is 5
}

func ExampleStats() {
	cache := newCache(fragment.Options{})
	for range 3 {
		cache.Do(context.Background(), fragment.KeyOf("rows"), fragment.Policy{}, func(context.Context) ([]byte, error) {
			time.Sleep(time.Millisecond)
			return nil, nil
		})
	}
	s := cache.Stats()
	fmt.Println(s.Hits, "hits,", s.Misses, "miss,", s.Stores, "stored")
	fmt.Println(s.Names["rows"].Fills, "fill of at least a millisecond:", s.Names["rows"].FillTime >= time.Millisecond)

	// Output:
	// 2 hits, 1 miss, 1 stored
	// 1 fill of at least a millisecond: true
}
