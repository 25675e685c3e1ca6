package bigcachebackend_test

import (
	"context"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

// A cache by URL. A program that does not use the package otherwise imports it
// as _ for that.
func Example() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "bigcache://?size=128MiB", fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	k := fragment.KeyOf("greeting", "en")
	for range 2 {
		value, _ := cache.Do(ctx, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
			fmt.Println("computed")
			return []byte("hello"), nil
		})
		fmt.Println(string(value))
	}

	// Output:
	// computed
	// hello
	// hello
}

// The same by hand.
func ExampleNew() {
	backend, err := bigcachebackend.New(bigcachebackend.Options{Size: 16 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := fragment.New(backend, fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	fmt.Printf("%d MiB at most\n", cache.Stats().Usage.Capacity>>20)

	// Output: 16 MiB at most
}

// A Backend without a Cache keeps bytes and knows nothing of their expiry.
func ExampleBackend() {
	ctx := context.Background()
	backend, err := bigcachebackend.New(bigcachebackend.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()

	err = backend.Set(ctx, "key", []byte("value"), fragment.Forever)
	fmt.Println(err)
	value, ok, err := backend.Get(ctx, "key")
	fmt.Printf("%s %v %v\n", value, ok, err)
	fmt.Println(backend.Usage().Entries)

	// Output:
	// <nil>
	// value true <nil>
	// 1
}

// What is wrong is told by name.
func ExampleOptions() {
	_, err := bigcachebackend.New(bigcachebackend.Options{Shards: 48})
	fmt.Println(err)

	// Output: bigcachebackend: Options.Shards is 48: want a power of two, such as 1, 16 or 64
}
