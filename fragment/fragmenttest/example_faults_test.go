package fragmenttest_test

import (
	"context"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A page is served although every read fails and some writes are lost.
func ExampleFaults() {
	var faults fragmenttest.Faults
	cache, _ := fragment.New(faults.Wrap(fragmenttest.NewMemory()), fragment.Options{})
	faults.Inject(
		fragmenttest.Fault{On: fragmenttest.Reads},
		fragmenttest.Fault{Does: fragmenttest.Lose, On: fragmenttest.Writes, Every: 2},
	)
	for range 4 {
		page, err := cache.Do(context.Background(), fragment.KeyOf("page"), fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte("Welcome"), nil
		})
		fmt.Println(string(page), err)
	}
	fmt.Println(&faults)

	// Output:
	// Welcome <nil>
	// Welcome <nil>
	// Welcome <nil>
	// Welcome <nil>
	// 4 Fail, 2 Lose
}

// Half of what is read is damaged, the same half in every run.
func ExampleFault() {
	memory, faults := fragmenttest.NewMemory(), fragmenttest.Faults{Seed: 7}
	memory.Put("key", []byte("value"))
	faults.Inject(fragmenttest.Fault{Does: fragmenttest.Truncate, Chance: 0.5})
	backend := faults.Wrap(memory)
	for range 6 {
		backend.Get(context.Background(), "key")
	}
	fmt.Println(faults.Count(fragmenttest.Truncate), "of 6")

	// Output: 3 of 6
}
