package memo_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// opened is a cache for examples that are about something else.
func opened() *fragment.Cache {
	cache, err := fragment.Open(context.Background(), "bigcache://?size=4MiB", fragment.Options{})
	if err != nil {
		panic(err)
	}
	return cache
}

type article struct {
	Title  string
	Author int
	Live   bool
}

func ExampleNewWithOptions() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	articles, err := memo.NewWithOptions(cache, "article", fragment.Policy{TTL: time.Minute}, memo.Options[int, article]{
		// What is made of the article is freed with its author.
		Tags: func(_ int, a article) []string { return []string{fmt.Sprint("author:", a.Author)} },
		// What is being written changes often.
		TTL: func(_ int, a article) time.Duration {
			if !a.Live {
				return 5 * time.Second
			}
			return 0 // the policy's
		},
		Store: func(_ int, a article) bool { return a.Title != "" },
	}, func(_ context.Context, id int) (article, error) {
		fmt.Println("load", id)
		return article{Title: "On caches", Author: 7, Live: true}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	get := func() {
		a, err := articles.Get(ctx, 1)
		fmt.Println(a.Title, err)
	}
	get()
	get()
	_ = cache.InvalidateTags(ctx, "author:7")
	get()
	// Output:
	// load 1
	// On caches <nil>
	// On caches <nil>
	// load 1
	// On caches <nil>
}

func ExampleFunc_GetMany() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	customers, err := memo.NewWithOptions(cache, "customer", fragment.Policy{}, memo.Options[int, customer]{
		// SELECT … WHERE id IN (…)
		LoadMany: func(_ context.Context, ids []int) ([]memo.Result[customer], error) {
			fmt.Println("query", ids)
			results := make([]memo.Result[customer], len(ids))
			for i, id := range ids {
				if id > 100 {
					results[i].Err = fmt.Errorf("customer %d: %w", id, memo.ErrNotFound)
					continue
				}
				results[i].Value = customer{id, fmt.Sprint("Customer ", id)}
			}
			return results, nil
		},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = customers.Get(ctx, 42)
	for _, r := range customers.GetMany(ctx, []int{7, 42, 404, 7}) {
		fmt.Println(r.Value.Name, r.Err)
	}
	// Output:
	// query [42]
	// query [7 404]
	// Customer 7 <nil>
	// Customer 42 <nil>
	//  customer 404: not found
	// Customer 7 <nil>
}

func ExampleFunc_Set() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	customers := memo.New(cache, "customer", fragment.Policy{}, query)
	_, ok, err := customers.Peek(ctx, 42) // never loads
	fmt.Println(ok, err)
	_ = customers.Set(ctx, 42, customer{42, "Grace"})
	c, err := customers.Get(ctx, 42)
	fmt.Println(c.Name, err)
	c, err = customers.Refresh(ctx, 42) // always loads
	fmt.Println(c.Name, err)
	// Output:
	// false <nil>
	// Grace <nil>
	// query 42
	// Ada <nil>
}

func ExampleErrNotFound() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	p := fragment.Policy{TTL: time.Hour, NotFoundTTL: 10 * time.Second}
	customers := memo.New(cache, "customer", p, func(_ context.Context, id int) (customer, error) {
		fmt.Println("query", id)
		return customer{}, fmt.Errorf("customer %d: %w", id, memo.ErrNotFound) // for sql.ErrNoRows
	})
	for range 2 {
		_, err := customers.Get(ctx, 404)
		fmt.Println(err, errors.Is(err, memo.ErrNotFound))
	}
	// Output:
	// query 404
	// customer 404: not found true
	// customer 404: not found true
}

// What the loader is to be given beside the question is not a part of the key.
func ExampleFunc_ignoredFields() {
	cache, ctx := opened(), context.Background()
	defer cache.Close()

	type search struct {
		Word string
		Log  *slog.Logger `memo:"-"`
	}
	searches := memo.New(cache, "search", fragment.Policy{}, func(_ context.Context, s search) (int, error) {
		fmt.Println("search", s.Word)
		return len(s.Word), nil
	})
	for _, log := range []*slog.Logger{slog.Default(), slog.New(slog.DiscardHandler)} {
		n, err := searches.Get(ctx, search{"cache", log})
		fmt.Println(n, err)
	}
	// Output:
	// search cache
	// 5 <nil>
	// 5 <nil>
}
