package fragment_test

import (
	"context"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A handler that asks for several entries, one after the other, asks the server
// once when it has been seen.
func ExampleAhead() {
	server := fragmenttest.NewServer()
	cache, err := fragment.New(server.Connect(), fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	var ahead fragment.Ahead // one for each handler
	handler := func(ctx context.Context) {
		ctx, done := ahead.Fetch(ctx)
		defer done()
		for _, part := range []string{"head", "menu", "news", "foot"} {
			_, _ = cache.Do(ctx, fragment.KeyOf(part), fragment.Policy{}, func(context.Context) ([]byte, error) {
				return []byte(part), nil
			})
		}
	}
	handler(context.Background())
	server.ResetTrips()
	handler(context.Background())
	fmt.Println(server.Trips())
	// Output:
	// 1 GetMany
}

// rows renders a list for one request.
type rows []string

func (r rows) Fill(_ context.Context, i int) ([]byte, error) {
	fmt.Println("renders", r[i])
	return []byte("<li>" + r[i]), nil
}

func (r rows) Tags(i int) []string { return []string{"row:" + r[i]} }

// Each row has tags of its own, and only those that are missing are rendered.
func ExampleCache_DoEachFiller() {
	cache, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	ctx, list := context.Background(), rows{"Ada", "Bob"}
	show := func() {
		answers, err := cache.DoEachFiller(ctx, []fragment.Key{fragment.KeyOf("row", 1), fragment.KeyOf("row", 2)}, fragment.Policy{}, list)
		fmt.Printf("%s%s %v\n", answers[0].Value, answers[1].Value, err)
	}
	show()
	_ = cache.InvalidateTags(ctx, "row:Bob")
	show()
	// Output:
	// renders Ada
	// renders Bob
	// <li>Ada<li>Bob <nil>
	// renders Bob
	// <li>Ada<li>Bob <nil>
}
