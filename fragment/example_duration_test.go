package fragment_test

import (
	"fmt"

	"github.com/pongocache/pongocache/fragment"
)

// A program reads the TTL of its pages from a setting of its own.
func ExampleParseDuration() {
	for _, text := range []string{"7d", "1d12h", "90s", "a week"} {
		ttl, err := fragment.ParseDuration(text)
		fmt.Println(ttl, err)
	}

	// Output:
	// 168h0m0s <nil>
	// 36h0m0s <nil>
	// 1m30s <nil>
	// 0s "a week" is not a duration
}
