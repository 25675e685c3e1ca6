package tags_test

import (
	"context"
	"fmt"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// The items of a list are looked up at once, and one of them is freed by its NAME
// and VARY.
func Example_cacheeach() {
	page, caches := example(`{% cacheeach name in names 300 "row" name %}[{{ name }} by {{ n }}]{% empty %}nobody{% endcacheeach %}`)
	show := func(n int, names ...string) {
		out, err := page.Execute(pongo2.Context{"names": names, "n": n})
		fmt.Println(out, err)
	}
	show(1, "Ada", "Bob")
	show(2, "Bob", "Cy", "Ada")
	if err := tags.Delete(context.Background(), caches.Cache("default"), "row", "Bob"); err != nil {
		fmt.Println(err)
	}
	show(3, "Ada", "Bob")
	show(4)
	// Output:
	// [Ada by 1][Bob by 1] <nil>
	// [Bob by 1][Cy by 2][Ada by 1] <nil>
	// [Ada by 1][Bob by 3] <nil>
	// nobody <nil>
}
