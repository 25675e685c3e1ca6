package fragment_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/pongocache/pongocache/fragment"
)

// Outside of what is cached a hole is filled where it stands.
func ExampleRegistry_Hole() {
	type visitor struct{}
	caches := new(fragment.Registry)
	err := caches.Hole("greeting", func(ctx context.Context, w io.Writer, args []any) error {
		_, err := fmt.Fprintf(w, "%v, %v!", args[0], ctx.Value(visitor{}))
		return err
	})
	if err != nil {
		panic(err)
	}
	ctx := context.WithValue(context.Background(), visitor{}, "Ada")
	if err := caches.WriteHole(ctx, os.Stdout, "greeting", "Hello"); err != nil {
		panic(err)
	}
	// Output: Hello, Ada!
}
