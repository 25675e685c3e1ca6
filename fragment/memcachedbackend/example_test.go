package memcachedbackend_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
)

// A cache by URL. A program that does not use the package otherwise imports it
// as _ for that. It works also while the server is away, as here, where nobody
// listens: then all is computed.
func Example() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "memcached://127.0.0.1:1", fragment.Options{Prefix: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	value, err := cache.Do(ctx, fragment.KeyOf("greeting", "en"), fragment.Policy{}, func(context.Context) ([]byte, error) {
		return []byte("hello"), nil
	})
	fmt.Printf("%s %v\n", value, err)

	// Output: hello <nil>
}

// The same by hand: two servers, TLS and a password.
func ExampleNew() {
	ctx := context.Background()
	backend, err := memcachedbackend.New(ctx, []string{"cache1:11211", "cache2:11211"}, memcachedbackend.Options{
		User: "app", Password: "secret",
		TLS:   &tls.Config{MinVersion: tls.VersionTLS13},
		Large: memcachedbackend.Split,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := fragment.New(backend, fragment.Options{})
	fmt.Println(err)
	fmt.Println(cache.Close())

	// Output:
	// <nil>
	// <nil>
}

// What is wrong is told by name.
func ExampleOptions() {
	_, err := memcachedbackend.New(context.Background(), []string{"cache1"}, memcachedbackend.Options{SASL: true})
	fmt.Println(err)

	// Output: memcachedbackend: Options.SASL needs a User and a Password
}

// A value that is too large for an item is refused before it is sent.
func ExampleLarge() {
	ctx := context.Background()
	backend, err := memcachedbackend.New(ctx, []string{"127.0.0.1:1"}, memcachedbackend.Options{Large: memcachedbackend.Refuse})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	err = backend.Set(ctx, "key", make([]byte, 1<<20), fragment.Forever)
	fmt.Println(errors.Is(err, fragment.ErrTooLarge))

	// Output: true
}

// A Backend without a Cache keeps bytes. Its errors tell which server they are of.
func ExampleBackend() {
	ctx := context.Background()
	backend, err := memcachedbackend.New(ctx, []string{"127.0.0.1:1"}, memcachedbackend.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok, err := backend.Get(ctx, "key")
	fmt.Println(ok, err)
	fmt.Println(backend.Close(), backend.Close())

	// Output:
	// false memcachedbackend: get at 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused
	// <nil> <nil>
}
