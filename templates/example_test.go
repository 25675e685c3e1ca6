package templates_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// A block is rendered once and served from the cache after that.
func Example() {
	ctx := context.Background()
	caches := new(fragment.Registry)
	defer caches.Close()
	if _, err := caches.Open(ctx, "default", "bigcache://?size=8MiB", fragment.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	files := fstest.MapFS{"page.html": {Data: []byte("{{ n }}: <% cache 300 \"list\" %>{{ list() }}<% endcache %>\n")}} // or os.DirFS("views")
	set, err := templates.New(files, caches, templates.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	list := func() string {
		fmt.Println("query")
		return "Ada, Bob"
	}
	for n := range 2 {
		if err := set.Render(ctx, os.Stdout, "page.html", map[string]any{"n": n, "list": list}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// query
	// 0: Ada, Bob
	// 1: Ada, Bob
}

// A page finds its layout and its parts beside itself.
func ExampleSet_Render() {
	files := fstest.MapFS{
		"users/list.html": {Data: []byte(`{% extends "../layout.html" %}{% block main %}{{ title }}{% endblock %}`)},
		"layout.html":     {Data: []byte("<main>{% block main %}{% endblock %}</main>\n")},
	}
	set, err := templates.New(files, new(fragment.Registry), templates.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = set.Render(context.Background(), os.Stdout, "users/list.html", map[string]any{"title": "Users & Co"})
	fmt.Println(err)
	err = set.Render(context.Background(), os.Stdout, "users/lst.html", nil)
	fmt.Println(err)
	// Output:
	// <main>Users &amp; Co</main>
	// <nil>
	// templates: render "users/lst.html": cannot load "users/lst.html": open users/lst.html: file does not exist
}

// Variables for every template; what Render is given goes before them.
func ExampleOptions() {
	files := fstest.MapFS{"page.html": {Data: []byte("{{ site }}, {{ year }}\n")}}
	set, err := templates.New(files, new(fragment.Registry), templates.Options{
		Reload:  true, // in development
		Globals: pongo2.Context{"site": "Example", "year": 2026},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	set.Render(context.Background(), os.Stdout, "page.html", map[string]any{"year": 2027})
	// Output: Example, 2027
}

// A template from a database or from a test.
func ExampleSet_FromString() {
	files := fstest.MapFS{"layout.html": {Data: []byte("<p>{% block text %}{% endblock %}</p>\n")}}
	set, err := templates.New(files, new(fragment.Registry), templates.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var greeting *templates.Template
	greeting, err = set.FromString(`{% extends "layout.html" %}{% block text %}Hello {{ name }}{% endblock %}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	greeting.Render(context.Background(), os.Stdout, map[string]any{"name": "Ada"})
	// Output: <p>Hello Ada</p>
}

func ExampleRewrite() {
	fmt.Println(templates.RewriteString(`<% cache 30 "quote" %>{{ quote }}<% endcache %> <% other %>`))
	// Output: {% cache 30 "quote" %}{{ quote }}{% endcache %} <% other %>
}

// A set of pongo2's own that reads the spelling <% cache %>.
func ExampleLoader() {
	files := fstest.MapFS{"page.html": {Data: []byte(`<% cache 30 "a" %>cached<% endcache %>`)}}
	set := pongo2.NewSet("web", templates.Loader(pongo2.NewFSLoader(files)))
	caches := new(fragment.Registry)
	c, err := fragment.New(fragment.Null(), fragment.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := caches.Use("default", c); err != nil {
		fmt.Println(err)
		return
	}
	if err := tags.Bind(set, caches); err != nil {
		fmt.Println(err)
		return
	}
	page, err := set.FromCache("page.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Execute(tags.WithContext(context.Background(), nil)))
	// Output: cached <nil>
}

// While a site is developed, its pages show what is cached in them and how that
// came to be there.
func ExampleOptions_outline() {
	files := fstest.MapFS{"feed.xml": {Data: []byte("<% cache 60 \"feed\" %><feed/><% endcache %>\n")}}
	set, err := templates.New(files, new(fragment.Registry), templates.Options{Reload: true, Outline: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	set.Render(context.Background(), os.Stdout, "feed.xml", nil) // which is no HTML
	// Output: <feed/>
}

// An error says where to look.
func ExampleError() {
	files := fstest.MapFS{
		"page.html": {Data: []byte(`{% include "part.html" %}`)},
		"part.html": {Data: []byte("<p>\n  {{ user.Name|upcase }}\n</p>")},
	}
	set, err := templates.New(files, new(fragment.Registry), templates.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = set.Render(context.Background(), os.Stdout, "page.html", nil)
	var wrong *templates.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Path, wrong.Line, wrong.Column, wrong.Near)
		fmt.Println(wrong.Source)
	}
	// Output:
	// part.html 2 16 upcase }}
	//   {{ user.Name|upcase }}
}
