package compress_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/fragment/compress"
)

// A cache whose entries are compressed.
func Example() {
	ctx := context.Background()
	small, err := compress.New(compress.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := fragment.Open(ctx, "bigcache://?size=64MiB", fragment.Options{
		Transforms: []fragment.Transform{small},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	for range 2 {
		list, err := cache.Do(ctx, fragment.KeyOf("list"), fragment.Policy{}, func(context.Context) ([]byte, error) {
			fmt.Println("computed")
			return []byte(strings.Repeat("<li>one line of many</li>\n", 1000)), nil
		})
		fmt.Println(len(list), err)
	}

	// Output:
	// computed
	// 26000 <nil>
	// 26000 <nil>
}

// What a cache does with a Transform.
func ExampleTransform() {
	small, err := compress.New(compress.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	page := []byte(strings.Repeat("<li>one line of many</li>\n", 1000))
	stored, err := small.Seal("list", page)
	fmt.Println(len(stored) < len(page)/100, err)
	again, err := small.Open("list", stored)
	fmt.Println(len(again), err)

	_, err = small.Open("list", []byte("what another program left there"))
	fmt.Println(err)

	// Output:
	// true <nil>
	// 26000 <nil>
	// compress: open: what is stored was not written by this package
}

// What is wrong is told by name.
func ExampleOptions() {
	_, err := compress.New(compress.Options{Level: compress.Smallest, MaxSize: 1 << 30})
	fmt.Println(err)

	// Output: compress: Options.MaxSize is 1073741824 bytes: want at most 512MiB
}
