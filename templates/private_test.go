package templates_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// Of each pair of renderings by two visitors the second one shows what it may.
func TestPrivateKeysOfASet(t *testing.T) {
	for _, c := range []struct {
		label string
		names []string
		want  string // what the second visitor gets of request.a and of tenant.a
	}{
		{"nil is the default", nil, "2 1"},
		{"none", []string{}, "1 1"},
		{"in place of the default", []string{"tenant"}, "1 2"},
		{"both", []string{"tenant", "request"}, "2 2"},
	} {
		set := newSet(t, inMemory(map[string]string{
			"page.html": `<% cache 60 "r" %>{{ request.a }}<% endcache %> <% cache 60 "t" %>{% include "part.html" %}<% endcache %>`, "part.html": "{{ tenant.a }}",
		}), templates.Options{PrivateKeys: c.names})
		var got string
		for n := 1; n <= 2; n++ {
			data := map[string]any{"request": map[string]int{"a": n}, "tenant": map[string]int{"a": n}}
			var err error
			if got, err = render(set, "page.html", data); err != nil {
				t.Fatal(err)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.label, got, c.want)
		}
	}
}

// A name that is none would protect nothing.
func TestPrivateKeysMustBeNames(t *testing.T) {
	for _, name := range []string{"session.User", "", "x-user"} {
		_, err := templates.New(inMemory(nil), newRegistry(t), templates.Options{PrivateKeys: []string{"request", name}})
		wantError(t, err, fmt.Sprintf("templates: Options.PrivateKeys: %q is no name of a variable: want letters, digits and _", name))
	}
}

// Of what belongs to one visitor nothing is stored, and an Event says why.
func ExampleOptions_privateKeys() {
	caches := new(fragment.Registry)
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: func(_ context.Context, e fragment.Event) {
		if e.Kind == fragment.EventSkip {
			fmt.Println(e.Name, "is not stored:", e.Reason)
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := caches.Use("default", c); err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{"page.html": {Data: []byte("<% cache 300 \"menu\" %>Hello, {{ visitor.Name }}<% endcache %>\n")}}
	set, err := templates.New(files, caches, templates.Options{PrivateKeys: []string{"visitor", "csrf"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"Ada", "Bob"} {
		if err := set.Render(context.Background(), os.Stdout, "page.html", map[string]any{"visitor": map[string]string{"Name": name}}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// menu is not stored: the private context key visitor was read in the block in line 1 of page.html
	// Hello, Ada
	// menu is not stored: the private context key visitor was read in the block in line 1 of page.html
	// Hello, Bob
}
