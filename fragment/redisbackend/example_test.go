package redisbackend_test

import (
	"context"
	"fmt"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/redisbackend"
)

// A cache by URL. A program that does not use the package otherwise imports it
// as _ for that. Nobody listens there, which costs no more than the time that it
// takes to compute the value: a cache never breaks a page.
func Example() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "redis://localhost:1/0", fragment.Options{Prefix: "shop:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	value, err := cache.Do(ctx, fragment.KeyOf("greeting", "en"), fragment.Policy{}, func(context.Context) ([]byte, error) {
		return []byte("hello"), nil
	})
	fmt.Println(string(value), err)

	// Output: hello <nil>
}

// A client that the program has already. Its owner closes it.
func ExampleNew() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	backend, err := redisbackend.New(client, redisbackend.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := fragment.New(backend, fragment.Options{Prefix: "shop:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
}

// What no URL can say goes into the option of the client.
func ExampleDial() {
	backend, err := redisbackend.Dial(rueidis.ClientOption{
		InitAddress: []string{"redis.example.org:6379"},
		AuthCredentialsFn: func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			return rueidis.AuthCredentials{Username: "shop", Password: "from a vault"}, nil
		},
	}, redisbackend.Options{MaxValue: 1 << 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	fmt.Println("connects when it is used")

	// Output: connects when it is used
}

// What is wrong is told by name.
func ExampleOptions() {
	_, err := redisbackend.Dial(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}}, redisbackend.Options{Buffer: 10})
	fmt.Println(err)

	// Output: redisbackend: Options.Buffer is 10 bytes: want 1KiB to 64MiB
}
