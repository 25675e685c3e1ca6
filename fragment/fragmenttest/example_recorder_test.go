package fragmenttest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// printing is what stands for a *testing.T in examples: it prints failures.
type printing struct{ testing.TB }

func (printing) Helper() {}

func (printing) Fatal(args ...any) { fmt.Println(args...) }

func (printing) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A test that fails tells what happened instead.
func ExampleRecorder() {
	t := printing{} // in a test its *testing.T

	var seen fragmenttest.Recorder
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: seen.Observe})
	for _, id := range []int{1, 2} { // two keys where one was meant
		cache.Do(context.Background(), fragment.KeyOf("user", id), fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte("Ada"), nil
		})
	}
	seen.Hit("user").Once(t)

	// Output:
	// hit of "user": got none, want one. What happened:
	// 	miss user
	// 	fill user
	// 	store user
	// 	miss user
	// 	fill user
	// 	store user
}

func ExampleSeen() {
	var seen fragmenttest.Recorder
	cache, _ := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: seen.Observe})
	cache.Set(context.Background(), fragment.KeyOf("user", 1), []byte("Ada"), fragment.Policy{})
	cache.InvalidateTags(context.Background(), "users")
	fmt.Println(seen.Stored("user").Count(), seen.Invalidated("users").Count(), seen.Hit("").Count())

	// Output: 1 1 0
}
