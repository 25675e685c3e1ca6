package filebackend_test

import (
	"context"
	"fmt"
	"os"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

// A cache by URL. A program that does not use the package otherwise imports it
// as _ for that. What it holds is there again after a restart.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "site")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	k := fragment.KeyOf("greeting", "en")
	for range 2 {
		cache, err := fragment.Open(ctx, "file://"+folder+"?max=64MiB", fragment.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		value, _ := cache.Do(ctx, k, fragment.Policy{}, func(context.Context) ([]byte, error) {
			fmt.Println("computed")
			return []byte("hello"), nil
		})
		fmt.Println(string(value))
		cache.Close()
	}

	// Output:
	// computed
	// hello
	// hello
}

// The same by hand.
func ExampleNew() {
	folder, err := os.MkdirTemp("", "site")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	backend, err := filebackend.New(folder, filebackend.Options{Max: 64 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	fmt.Printf("%d MiB at most\n", backend.Usage().Capacity>>20)

	// Output: 64 MiB at most
}

// What is wrong is told by name.
func ExampleOptions() {
	_, err := filebackend.New("/var/cache/site", filebackend.Options{Max: 1000})
	fmt.Println(err)

	// Output: filebackend: Options.Max is 1000 bytes: want at least 1MiB
}
