package tags_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// example returns a template of a set that is bound to a registry of caches.
func example(source string) (*pongo2.Template, *fragment.Registry) {
	files := fstest.MapFS{"page.html": {Data: []byte(source)}}
	set := pongo2.NewSet("web", pongo2.NewFSLoader(files))
	caches := new(fragment.Registry)
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{}) // or caches.Open(ctx, "default", "bigcache://", …)
	if err != nil {
		panic(err)
	}
	if err := caches.Use("default", c); err != nil {
		panic(err)
	}
	if err := tags.Bind(set, caches); err != nil {
		panic(err)
	}
	return pongo2.Must(set.FromCache("page.html")), caches
}

// A template set of one's own is bound before its first template is executed.
func ExampleBind() {
	page, _ := example(`{{ n }}: {% cache 300 "sidebar" user %}rendered for {{ n }}{% endcache %}`)
	for n := range 3 {
		out, err := page.Execute(pongo2.Context{"n": n, "user": n / 2})
		fmt.Println(out, err)
	}
	// Output:
	// 0: rendered for 0 <nil>
	// 1: rendered for 0 <nil>
	// 2: rendered for 2 <nil>
}

// The answer around a template is freed with a block inside of it.
func ExampleWithContext() {
	page, caches := example(`{% cache 300 "list" tags="users" %}{{ list }}{% endcache %}`)
	shown := func(list string) string {
		out, err := caches.Cache("default").Do(context.Background(), fragment.KeyOf("page"), fragment.Policy{},
			func(ctx context.Context) ([]byte, error) {
				return page.ExecuteBytes(tags.WithContext(ctx, pongo2.Context{"list": list}))
			})
		if err != nil {
			return err.Error()
		}
		return string(out)
	}
	fmt.Println(shown("Ada"))
	fmt.Println(shown("Ada, Bob"))
	caches.InvalidateTags(context.Background(), "users")
	fmt.Println(shown("Ada, Bob"))
	// Output:
	// Ada
	// Ada
	// Ada, Bob
}

// A function that a template calls tells the block around the call what it has
// read.
func ExampleContext() {
	page, caches := example(`{% cache 300 "offer" %}{{ price() }}{% endcache %}`)
	price := 10
	data := pongo2.Context{"price": func(ec *pongo2.ExecutionContext) int {
		fragment.AddTags(tags.Context(ec), "prices")
		return price
	}}
	fmt.Println(page.Execute(data))
	price = 12
	fmt.Println(page.Execute(data))
	caches.InvalidateTags(context.Background(), "prices")
	fmt.Println(page.Execute(data))
	// Output:
	// 10 <nil>
	// 10 <nil>
	// 12 <nil>
}

func ExampleDelete() {
	page, caches := example(`{% cache 300 "user" 42 %}{{ name }}{% endcache %}`)
	fmt.Println(page.Execute(pongo2.Context{"name": "Ada"}))
	if err := tags.Delete(context.Background(), caches.Cache("default"), "user", 42); err != nil {
		fmt.Println(err)
	}
	fmt.Println(page.Execute(pongo2.Context{"name": "Ada Lovelace"}))
	// Output:
	// Ada <nil>
	// Ada Lovelace <nil>
}

// What a block is made of may be known only inside of it. A block that shows an
// error is not kept.
func Example_fromInside() {
	page, caches := example(`{% cache 300 "post" %}{% for t in topics %}{% cachetags "topic:"+t %}{% endfor %}` +
		`{% if failed %}{% nostore "a part of the post is missing" %}{% endif %}{{ text }}{% endcache %}`)
	show := func(text string, failed bool) {
		fmt.Println(page.Execute(pongo2.Context{"text": text, "failed": failed, "topics": []string{"go", "caches"}}))
	}
	show("half a post", true)
	show("a post", false)
	show("a better post", false)
	caches.InvalidateTags(context.Background(), "topic:go")
	show("a better post", false)
	// Output:
	// half a post <nil>
	// a post <nil>
	// a post <nil>
	// a better post <nil>
}

// A block that reads what is private is not stored. By default that is what is
// called request, session or csrf.
func ExampleBinding_PrivateKeys() {
	set := pongo2.NewSet("web", pongo2.NewFSLoader(fstest.MapFS{"page.html": {Data: []byte(
		`{% cache 300 "greeting" %}Hello {{ visitor }}{% endcache %}, {% cache 300 "news" %}news for {{ n }}{% endcache %}`)}}))
	_, caches := example("")
	binding, err := tags.NewBinding(set, caches)
	if err != nil {
		fmt.Println(err)
		return
	}
	binding.PrivateKeys("visitor", "csrf")
	page := pongo2.Must(set.FromCache("page.html"))
	for n, visitor := range []string{"Ada", "Bob"} {
		data := pongo2.Context{"visitor": visitor, "n": n}
		binding.Attach(context.Background(), data)
		fmt.Println(page.Execute(data))
	}
	// Output:
	// Hello Ada, news for 0 <nil>
	// Hello Bob, news for 0 <nil>
}

// A function that needs what is private asks for it by Lookup, and so keeps the
// block around the call from being stored.
func ExampleLookup() {
	page, _ := example(`{% cache 300 "menu" %}{{ here() }}{% endcache %}`)
	here := func(ec *pongo2.ExecutionContext) string {
		request, _ := tags.Lookup(ec, "request")
		return fmt.Sprint("you are at ", request)
	}
	for _, path := range []string{"/a", "/b"} {
		fmt.Println(page.Execute(pongo2.Context{"request": path, "here": here}))
	}
	// Output:
	// you are at /a <nil>
	// you are at /b <nil>
}

// A template can free what a block stored. It is for a page that shows what has
// just changed; code frees it by Delete.
func Example_uncache() {
	page, _ := example(`{% if changed %}{% uncache "user" 42 %}{% endif %}{% cache 300 "user" 42 %}{{ name }}{% endcache %}`)
	fmt.Println(page.Execute(pongo2.Context{"name": "Ada"}))
	fmt.Println(page.Execute(pongo2.Context{"name": "Ada Lovelace"}))
	fmt.Println(page.Execute(pongo2.Context{"name": "Ada Lovelace", "changed": true}))
	// Output:
	// Ada <nil>
	// Ada <nil>
	// Ada Lovelace <nil>
}

// Code that renders for others hands in a ctx each time.
func ExampleBinding() {
	set := pongo2.NewSet("web", pongo2.NewFSLoader(fstest.MapFS{"page.html": {Data: []byte(`{% cache 300 "a" %}{{ text }}{% endcache %}`)}}))
	_, caches := example("")
	binding, err := tags.NewBinding(set, caches)
	if err != nil {
		fmt.Println(err)
		return
	}
	page := pongo2.Must(set.FromCache("page.html"))
	for _, text := range []string{"first", "second"} {
		data := pongo2.Context{"text": text}
		binding.Attach(context.Background(), data)
		fmt.Println(page.Execute(data))
	}
	// Output:
	// first <nil>
	// first <nil>
}
