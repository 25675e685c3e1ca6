package fragment_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A fill adds the tags that it learns of; they reach every entry around it.
func ExampleAddTags() {
	ctx, cache := context.Background(), newCache(fragment.Options{})
	page, menu := fragment.KeyOf("page"), fragment.KeyOf("menu")
	show := func() {
		value, _ := cache.Do(ctx, page, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			fmt.Println("rendering the page")
			return cache.Do(ctx, menu, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
				fmt.Println("asking for the menu")
				fragment.AddTags(ctx, "menu")
				return []byte("tea, milk"), nil
			})
		})
		fmt.Println(string(value))
	}
	show()
	show()
	cache.InvalidateTags(ctx, "menu")
	show()

	// Output:
	// rendering the page
	// asking for the menu
	// tea, milk
	// tea, milk
	// rendering the page
	// asking for the menu
	// tea, milk
}

// An entry lives no longer than its fill allows, and neither does what is
// around it.
func ExampleLimitTTL() {
	ctx, cache, rate := context.Background(), newCache(fragment.Options{}), fragment.KeyOf("rate")
	cache.Do(ctx, rate, fragment.Policy{TTL: time.Hour}, func(ctx context.Context) ([]byte, error) {
		fragment.LimitTTL(ctx, time.Minute) // says the bank
		return []byte("1.08"), nil
	})
	left, _, _ := cache.TTL(ctx, rate)
	fmt.Println(left <= time.Minute)

	// Output: true
}

// What is for one visitor alone is not stored.
func ExampleDoNotStore() {
	ctx, cache := context.Background(), newCache(fragment.Options{})
	for _, visitor := range []string{"Jane", "Joe"} {
		value, _ := cache.Do(ctx, fragment.KeyOf("hello"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "greets a visitor by name")
			return []byte("hello " + visitor), nil
		})
		fmt.Println(string(value))
	}

	// Output:
	// hello Jane
	// hello Joe
}

// A small entry beside a large one answers small questions; it lives and dies
// with it.
func ExampleStoreWith() {
	ctx, cache := context.Background(), newCache(fragment.Options{})
	film, length := fragment.KeyOf("film", 1), fragment.KeyOf("film length", 1)
	cache.Do(ctx, film, fragment.Policy{Tags: []string{"films"}}, func(ctx context.Context) ([]byte, error) {
		value := []byte("a very long film")
		fragment.StoreWith(ctx, length, fmt.Append(nil, len(value)))
		return value, nil
	})
	value, ok, _ := cache.Get(ctx, length)
	fmt.Println(string(value), ok)
	cache.InvalidateTags(ctx, "films")
	_, ok, _ = cache.Get(ctx, length)
	fmt.Println(ok)

	// Output:
	// 16 true
	// false
}

// After Do, the ctx of the fill tells what became of its value.
func ExampleKept() {
	cache := newCache(fragment.Options{MaxValue: 10})
	var inside context.Context
	cache.Do(context.Background(), fragment.KeyOf("film"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		inside = ctx
		return []byte("a very long film"), nil
	})
	stored, why := fragment.Kept(inside)
	fmt.Println(stored, why)

	// Output: false too-large
}
