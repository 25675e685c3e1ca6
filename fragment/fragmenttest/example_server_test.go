package fragmenttest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Two processes share a server, until one of them is cut off.
func ExampleServer() {
	ctx, server := context.Background(), fragmenttest.NewServer()
	conn := server.Connect()
	here, _ := fragment.New(conn, fragment.Options{Prefix: "shop"})
	there, _ := fragment.New(server.Connect(), fragment.Options{Prefix: "shop"})

	key := fragment.KeyOf("price", 42)
	here.Set(ctx, key, []byte("5 €"), fragment.Policy{})
	price, ok, _ := there.Get(ctx, key)
	fmt.Println(string(price), ok)
	there.Delete(ctx, key)
	_, ok, _ = here.Get(ctx, key)
	fmt.Println(ok)

	conn.Cut()
	fmt.Println(errors.Is(here.Set(ctx, key, []byte("6 €"), fragment.Policy{}), fragmenttest.ErrUnreachable))
	conn.Mend()
	fmt.Println(here.Set(ctx, key, []byte("6 €"), fragment.Policy{}))

	// Output:
	// 5 € true
	// false
	// true
	// <nil>
}

// How many round trips does it take?
func ExampleTrips() {
	ctx, server := context.Background(), fragmenttest.NewServer()
	cache, _ := fragment.New(server.Connect(), fragment.Options{})
	var users []fragment.Key
	items := make(map[fragment.Key][]byte)
	for id := range 50 {
		users = append(users, fragment.KeyOf("user", id))
		items[users[id]] = []byte("Ada")
	}
	cache.SetMany(ctx, items, fragment.Policy{})
	server.ResetTrips()
	found, _ := cache.GetMany(ctx, users)
	fmt.Println(len(found), "users in", server.Trips())

	// Output: 50 users in 1 GetMany
}

// A lease keeps other processes from doing the same work.
func ExampleConn_Lock() {
	ctx, server := context.Background(), fragmenttest.NewServer()
	one, two := server.Connect(), server.Connect()
	fmt.Println(one.Lock(ctx, "report", "one", time.Minute))
	fmt.Println(two.Lock(ctx, "report", "two", time.Minute))
	one.Unlock(ctx, "report", "one")
	fmt.Println(two.Lock(ctx, "report", "two", time.Minute))

	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
}

// An entry that is damaged is a miss.
func ExampleMemory() {
	memory := fragmenttest.NewMemory()
	cache, _ := fragment.New(memory, fragment.Options{Prefix: "shop"})
	cache.Set(context.Background(), fragment.KeyOf("price", 42), []byte("5 €"), fragment.Policy{TTL: time.Minute})

	key := memory.Keys()[0]
	ttl, _ := memory.TTL(key)
	fmt.Println(strings.HasPrefix(key, "shop"), ttl)
	memory.Put(key, []byte("garbage"))
	_, ok, err := cache.Get(context.Background(), fragment.KeyOf("price", 42))
	fmt.Println(ok, err, cache.Stats().Faults)

	// Output:
	// true 1m0s
	// false <nil> 1
}
