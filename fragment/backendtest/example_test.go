package backendtest_test

import (
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
)

// The whole test of a backend of one's own, in mybackend_test.go.
func ExampleRun() {
	TestBackend := func(t *testing.T) {
		backendtest.Run(t, backendtest.Harness{
			Open: func(testing.TB) fragment.Backend { return newMemory() },
		})
	}
	_ = TestBackend // go test calls it

	// Output:
}

// A backend that keeps values of up to 100 000 bytes, and one that keeps none.
func ExampleHarness() {
	limited := backendtest.Harness{
		Open:     func(testing.TB) fragment.Backend { return newMemory() },
		MaxValue: 100_000,
		TooLarge: 100_001,
	}
	null := backendtest.Harness{
		Open:         func(testing.TB) fragment.Backend { return fragment.Null() },
		KeepsNothing: true,
	}
	fmt.Println(limited.MaxValue, null.KeepsNothing)

	// Output: 100000 true
}
