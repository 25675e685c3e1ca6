package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// newCache returns a Cache over the Backend of ExampleBackend. A program opens
// one by URL, such as "bigcache://?size=64MiB".
func newCache(o fragment.Options) *fragment.Cache {
	cache, err := fragment.New(newShelf(), o)
	if err != nil {
		log.Fatal(err)
	}
	return cache
}

// The fill runs on the first call; the second finds its value stored.
func ExampleCache_Do() {
	cache := newCache(fragment.Options{})
	user := func(ctx context.Context, id int) ([]byte, error) {
		return cache.Do(ctx, fragment.KeyOf("user", id), fragment.Policy{TTL: time.Minute},
			func(ctx context.Context) ([]byte, error) {
				fmt.Println("asking the database for user", id)
				return fmt.Appendf(nil, "user %d", id), nil
			})
	}
	for _, id := range []int{1, 1, 2} {
		value, err := user(context.Background(), id)
		fmt.Println(string(value), err)
	}

	// Output:
	// asking the database for user 1
	// user 1 <nil>
	// user 1 <nil>
	// asking the database for user 2
	// user 2 <nil>
}

// Entries can also be read and written without a fill.
func ExampleCache() {
	ctx, cache, visits := context.Background(), newCache(fragment.Options{}), fragment.KeyOf("visits")

	added, _ := cache.Add(ctx, visits, []byte("41"), fragment.Policy{TTL: time.Hour})
	sum, _ := cache.Increment(ctx, visits, 1, fragment.Policy{})
	fmt.Println(added, sum)

	left, ok, _ := cache.TTL(ctx, visits)
	fmt.Println(left > 59*time.Minute, ok)

	if err := cache.Delete(ctx, visits); err != nil {
		log.Fatal(err)
	}
	_, ok, err := cache.Get(ctx, visits)
	fmt.Println(ok, err)

	// Output:
	// true 42
	// true true
	// false <nil>
}

func ExampleCache_GetMany() {
	ctx, cache := context.Background(), newCache(fragment.Options{})
	one, two, three := fragment.KeyOf("item", 1), fragment.KeyOf("item", 2), fragment.KeyOf("item", 3)
	items := map[fragment.Key][]byte{one: []byte("tea"), two: []byte("milk")}
	if err := cache.SetMany(ctx, items, fragment.Policy{}); err != nil {
		log.Fatal(err)
	}
	found, err := cache.GetMany(ctx, []fragment.Key{one, two, three})
	fmt.Printf("%s, %s, %d found, %v\n", found[one], found[two], len(found), err)

	// Output: tea, milk, 2 found, <nil>
}

// A tag frees all entries that carry it, whatever their keys are.
func ExampleCache_InvalidateTags() {
	ctx, cache := context.Background(), newCache(fragment.Options{})
	of := func(product int) fragment.Policy {
		return fragment.Policy{Tags: []string{fmt.Sprint("product:", product)}}
	}
	page, price := fragment.KeyOf("page", "/tea"), fragment.KeyOf("price", 42)
	if err := errors.Join(cache.Set(ctx, page, nil, of(42)), cache.Set(ctx, price, nil, of(42))); err != nil {
		log.Fatal(err)
	}
	if err := cache.InvalidateTags(ctx, "product:42"); err != nil {
		log.Fatal(err)
	}
	found, _ := cache.GetMany(ctx, []fragment.Key{page, price})
	fmt.Println(len(found), "are left")

	// Output: 0 are left
}

// While a fill fails, a value past its TTL may stand in for it.
func ExamplePolicy() {
	ctx, cache, news := context.Background(), newCache(fragment.Options{}), fragment.KeyOf("news")
	policy := fragment.Policy{
		TTL:    time.Minute,
		Stale:  time.Hour,
		Jitter: 0.1,
		Tags:   []string{"news"},
	}
	ask := func(fill func(context.Context) ([]byte, error)) {
		value, err := cache.Do(ctx, news, policy, fill)
		fmt.Println(string(value), err)
	}
	ask(func(context.Context) ([]byte, error) { return []byte("all is well"), nil })
	if err := cache.Expire(ctx, news); err != nil { // as if a minute had passed
		log.Fatal(err)
	}
	ask(func(context.Context) ([]byte, error) { return nil, errors.New("no news today") })

	// Output:
	// all is well <nil>
	// all is well <nil>
}

// Several programs share a Backend by different prefixes, and a cache has
// defaults of its own.
func ExampleOptions() {
	cache, err := fragment.New(newShelf(), fragment.Options{
		Prefix:   "shop:v2",
		Policy:   fragment.Policy{TTL: 10 * time.Minute, Tags: []string{"shop"}},
		MaxValue: 1 << 20,
		Wait:     2 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	err = cache.Set(context.Background(), fragment.KeyOf("film"), make([]byte, 2<<20), fragment.Policy{})
	fmt.Println(errors.Is(err, fragment.ErrTooLarge))

	// Output: true
}
