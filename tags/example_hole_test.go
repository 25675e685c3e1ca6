package tags_test

import (
	"context"
	"fmt"
	"io"

	"github.com/flosch/pongo2/v6"
)

// What stands in a hole is made anew for each rendering, all else comes from the cache.
func Example_holes() {
	page, caches := example(`{% cache 300 "header" %}rendered for {{ user }}, shown to ` +
		`{% nocache %}{{ user }}{% endnocache %}, price {% hole "price" 42 %}{% endcache %}`)
	price := 10
	err := caches.Hole("price", func(_ context.Context, w io.Writer, args []any) error {
		price++
		_, err := fmt.Fprintf(w, "of %v: %d", args[0], price)
		return err
	})
	if err != nil {
		panic(err)
	}
	for _, user := range []string{"Ada", "Bob"} {
		out, err := page.Execute(pongo2.Context{"user": user})
		fmt.Println(out, err)
	}
	// Output:
	// rendered for Ada, shown to Ada, price of 42: 11 <nil>
	// rendered for Ada, shown to Bob, price of 42: 12 <nil>
}
