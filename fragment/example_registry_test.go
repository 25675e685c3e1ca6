package fragment_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pongocache/pongocache/fragment"
)

// One file declares a cache that another one opens.
func ExampleRegistry() {
	ctx := context.Background()
	var caches fragment.Registry
	pages := caches.Cache("pages")

	if _, err := caches.Open(ctx, "pages", "shelf://?color=oak", fragment.Options{}); err != nil {
		log.Fatal(err)
	}
	if err := pages.Set(ctx, fragment.KeyOf("home"), []byte("welcome"), fragment.Policy{Tags: []string{"texts"}}); err != nil {
		log.Fatal(err)
	}
	if err := caches.InvalidateTags(ctx, "texts"); err != nil { // in all of its caches
		log.Fatal(err)
	}
	_, ok, _ := pages.Get(ctx, fragment.KeyOf("home"))
	fmt.Println(ok, caches.Close())

	// Output: false <nil>
}

// A driver opens a Backend from a URL. What it does not ask for is an error.
func ExampleRegister() {
	_, err := fragment.Open(context.Background(), "shelf://?colour=oak", fragment.Options{})
	fmt.Println(err)

	// Output: fragment: open "shelf:": unknown parameter "colour": shelf takes color, size
}

func init() {
	fragment.Register("shelf", openShelf)
}

func openShelf(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
	color, size := u.String("color", "white"), u.Size("size", 1<<20)
	if color == "invisible" {
		u.Fail("color", "is invisible: want one that is seen")
	}
	if err := u.Err(); err != nil {
		return nil, err
	}
	_, _ = color, size // would be used here
	return newShelf(), nil
}

// The methods of a URL are strict about their parameters.
func ExampleURL() {
	for _, rawURL := range []string{"shelf://?size=64MiB", "shelf://?size=64", "shelf://?size=-1", "shelf://?color=invisible"} {
		_, err := fragment.Open(context.Background(), rawURL, fragment.Options{})
		fmt.Println(err)
	}

	// Output:
	// <nil>
	// <nil>
	// fragment: open "shelf:": parameter size is "-1": want a size above zero such as 64MiB, 1GiB or a number of bytes
	// fragment: open "shelf:": parameter color is invisible: want one that is seen
}

// A Driver is what Register is given.
func ExampleDriver() {
	var open fragment.Driver = openShelf
	fmt.Println(open != nil, len(fragment.Drivers()) > 0)

	// Output: true true
}
