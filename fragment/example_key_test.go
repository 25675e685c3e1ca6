package fragment_test

import (
	"fmt"

	"github.com/pongocache/pongocache/fragment"
)

// Parts are told apart by type and by how they are split.
func ExampleKeyOf() {
	fmt.Println(fragment.KeyOf("user", 1) == fragment.KeyOf("user", int64(1)))
	fmt.Println(fragment.KeyOf("user", 1) == fragment.KeyOf("user", "1"))
	fmt.Println(fragment.KeyOf("user", "a", "b") == fragment.KeyOf("user", "ab"))
	fmt.Println(fragment.KeyOf("user", nil) == fragment.KeyOf("user"))

	// Output:
	// true
	// false
	// false
	// false
}

type product struct {
	ID    int
	Stock int
}

// A struct has no identity of its own: its key would change with each field.
func ExampleKey_Err() {
	tea := product{ID: 7, Stock: 100}
	fmt.Println(fragment.KeyOf("product", tea.ID).Err())
	fmt.Println(fragment.KeyOf("product", tea).Err())

	// Output:
	// <nil>
	// fragment: key "product": part 1, a fragment_test.product (struct), cannot be told apart from its like: give its identifying fields instead, or the type a method CacheKey() string
}

// A key prints as its name: its parts may be personal.
func ExampleKey() {
	k := fragment.KeyOf("login", "jane@example.org")
	fmt.Println(k, k.Name())

	// Output: login login
}

// The keys of one space never meet those of another.
func ExampleSpace() {
	const sidebars fragment.Space = "sidebar"
	one, same := sidebars.Key("users", 1), sidebars.Key("users", 1)
	fmt.Println(one == fragment.KeyOf("users", 1))
	fmt.Println(one == same)

	// Output:
	// false
	// true
}

// A KeyBuilder makes the key that KeyOf makes, without boxing its parts.
func ExampleKeyBuilder() {
	var b fragment.KeyBuilder
	b.Start("", "search")
	b.String("green tea")
	b.Int(3)
	b.Bool(true)
	fmt.Println(b.Key() == fragment.KeyOf("search", "green tea", 3, true))

	// Output: true
}

// Keys of the same beginning share it.
func ExampleKeyBuilder_Clone() {
	var users fragment.KeyBuilder
	users.Start("", "user")
	users.String("by email")
	for _, email := range []string{"jane@example.org", "joe@example.org"} {
		b := users.Clone()
		b.String(email)
		fmt.Println(b.Key() == fragment.KeyOf("user", "by email", email))
	}

	// Output:
	// true
	// true
}
