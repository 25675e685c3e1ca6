package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A service that fails does not take down what is made of it: for an hour after
// the TTL the last answer is served.
func ExamplePolicy_stale() {
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	policy := fragment.Policy{TTL: time.Millisecond, Stale: time.Hour}
	service := func(context.Context) ([]byte, error) { return []byte("5 °C"), nil }
	ask := func() {
		weather, err := cache.Do(context.Background(), fragment.KeyOf("weather"), policy, service)
		fmt.Println(string(weather), err)
	}
	ask()
	time.Sleep(2 * time.Millisecond)
	service = func(context.Context) ([]byte, error) { return nil, errors.New("connection refused") }
	ask()
	// Output:
	// 5 °C <nil>
	// 5 °C <nil>
}

// That there is no such user is an answer: the database is asked once.
func ExamplePolicy_notFound() {
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	for range 2 {
		_, err := cache.Do(context.Background(), fragment.KeyOf("user", 42), fragment.Policy{NotFoundTTL: time.Minute},
			func(context.Context) ([]byte, error) {
				fmt.Println("asking the database")
				return nil, fmt.Errorf("user 42: %w", fragment.ErrNotFound)
			})
		fmt.Println(err, errors.Is(err, fragment.ErrNotFound))
	}
	// Output:
	// asking the database
	// user 42: not found true
	// user 42: not found true
}

// What a fill learns decides how long its value lives.
func ExampleSetTTL() {
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	ctx, key := context.Background(), fragment.KeyOf("token")
	cache.Do(ctx, key, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		expires := 55 * time.Minute // says whoever issued it
		fragment.SetTTL(ctx, expires)
		return []byte("a token"), nil
	})
	left, _, _ := cache.TTL(ctx, key)
	fmt.Println(left.Round(time.Minute))
	// Output: 55m0s
}

// Of many keys those that are missing are filled at once.
func ExampleCache_DoMany() {
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	ctx := context.Background()
	prices := func(ids ...int) {
		var keys []fragment.Key
		for _, id := range ids {
			keys = append(keys, fragment.KeyOf("price", id))
		}
		answers, err := cache.DoMany(ctx, keys, fragment.Policy{}, func(ctx context.Context, missing []int) ([]fragment.Filled, error) {
			filled := make([]fragment.Filled, len(missing))
			for at, i := range missing {
				fmt.Println("asking for", ids[i])
				filled[at].Value = fmt.Appendf(nil, "%d €", ids[i])
				filled[at].Tags = []string{fmt.Sprint("product:", ids[i])}
			}
			return filled, nil
		})
		for _, a := range answers {
			fmt.Print(string(a.Value), " ")
		}
		fmt.Println(err)
	}
	prices(1, 2)
	prices(3, 2, 1)
	// Output:
	// asking for 1
	// asking for 2
	// 1 € 2 € <nil>
	// asking for 3
	// 3 € 2 € 1 € <nil>
}

// reversed is a Transform that hides little.
type reversed struct{}

func (reversed) Seal(_ string, entry []byte) ([]byte, error) {
	out := make([]byte, len(entry))
	for i, b := range entry {
		out[len(entry)-1-i] = b
	}
	return out, nil
}

func (r reversed) Open(key string, sealed []byte) ([]byte, error) { return r.Seal(key, sealed) }

func ExampleTransform() {
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{Transforms: []fragment.Transform{reversed{}}})
	ctx, key := context.Background(), fragment.KeyOf("word")
	cache.Set(ctx, key, []byte("stressed"), fragment.Policy{})
	value, ok, err := cache.Get(ctx, key)
	fmt.Println(string(value), ok, err)
	// Output: stressed true <nil>
}
