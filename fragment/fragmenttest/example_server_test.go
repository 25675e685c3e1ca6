package fragmenttest_test

import (
	"context"
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
	fmt.Println("entries:", server.Len())
	there.Delete(ctx, key)
	fmt.Println("entries:", server.Len())

	conn.Cut()
	err := here.Set(ctx, key, []byte("6 €"), fragment.Policy{})
	fmt.Println(err)
	conn.Mend()
	fmt.Println(here.Set(ctx, key, []byte("6 €"), fragment.Policy{}))

	// Output:
	// entries: 1
	// entries: 0
	// fragment: set "price": the backend failed: fragmenttest: the server cannot be reached (and the entry before it may remain: fragmenttest: the server cannot be reached)
	// <nil>
}

// How many round trips does it take?
func ExampleTrips() {
	server := fragmenttest.NewServer()
	cache, _ := fragment.New(server.Connect(), fragment.Options{})
	items := make(map[fragment.Key][]byte)
	for id := range 50 {
		items[fragment.KeyOf("user", id)] = []byte("Ada")
	}
	cache.SetMany(context.Background(), items, fragment.Policy{})
	fmt.Println(server.Trips())

	// Output: 1 SetMany
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
