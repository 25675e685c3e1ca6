package memorybackend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memorybackend"
)

// A cache by URL. A program that does not use the package otherwise imports it
// as _ for that.
func Example() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "memory://?size=128MiB", fragment.Options{})
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
	backend, err := memorybackend.New(memorybackend.Options{Size: 16 << 20})
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

// A Backend without a Cache.
func ExampleBackend() {
	ctx := context.Background()
	backend, err := memorybackend.New(memorybackend.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()

	err = backend.Set(ctx, "key", []byte("value"), time.Minute)
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
	_, err := memorybackend.New(memorybackend.Options{Size: 1000})
	fmt.Println(err)

	// Output: memorybackend: Options.Size is 1000 bytes: want at least 1MiB
}
