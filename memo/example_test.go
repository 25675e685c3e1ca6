package memo_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/memo"
)

type customer struct {
	ID   int
	Name string
}

// query stands for a database.
func query(_ context.Context, id int) (customer, error) {
	fmt.Println("query", id)
	return customer{id, "Ada"}, nil
}

func ExampleNew() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "bigcache://?size=4MiB", fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	customers := memo.New(cache, "customer", fragment.Policy{TTL: time.Minute}, query)
	for range 2 {
		c, err := customers.Get(ctx, 42)
		fmt.Println(c.Name, err)
	}
	// Output:
	// query 42
	// Ada <nil>
	// Ada <nil>
}

func ExampleFunc() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "bigcache://?size=4MiB", fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	// Several arguments are a struct.
	type search struct {
		Word string
		Page int
	}
	searches := memo.New(cache, "search", fragment.Policy{}, func(ctx context.Context, s search) ([]string, error) {
		fmt.Printf("search %q, page %d\n", s.Word, s.Page)
		fragment.AddTags(ctx, "articles")
		return []string{"one", "two"}, nil
	})
	get := func() {
		found, err := searches.Get(ctx, search{"go", 1})
		fmt.Println(found, err)
	}
	get()
	get()
	_ = cache.InvalidateTags(ctx, "articles") // with the pages made of them
	get()
	_ = searches.Delete(ctx, search{"go", 1})
	get()
	_ = searches.DeleteAll(ctx)
	get()
	// Output:
	// search "go", page 1
	// [one two] <nil>
	// [one two] <nil>
	// search "go", page 1
	// [one two] <nil>
	// search "go", page 1
	// [one two] <nil>
	// search "go", page 1
	// [one two] <nil>
}

func ExampleFunc_Err() {
	cache, err := fragment.Open(context.Background(), "bigcache://?size=4MiB", fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	type account struct {
		Name string
		Hash string `json:"-"`
	}
	accounts := memo.New(cache, "account", fragment.Policy{}, func(context.Context, int) (account, error) {
		return account{}, errors.New("never asked")
	})
	fmt.Println(accounts.Err())
	// Output:
	// memo: loader "account": the value cannot be stored: memo_test.account.Hash has the tag json:"-" and would be lost: add the tag cbor:"Hash", or let the loader return a type without the field
}

func ExampleValue() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "bigcache://?size=4MiB", fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()

	visits := 0
	count := memo.Value(cache, "visits", fragment.Policy{TTL: 10 * time.Second}, func(context.Context) (int, error) {
		visits++
		return visits, nil
	})
	for range 3 {
		n, err := count.Get(ctx)
		fmt.Println(n, err)
	}
	// Output:
	// 1 <nil>
	// 1 <nil>
	// 1 <nil>
}
