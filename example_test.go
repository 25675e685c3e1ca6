package pongocache_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/flosch/pongo2/v6"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/memo"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// A price is cached three times over: as the answer of a loader, in a block of
// a template, and in the whole page. Only the loader knows its tag, and yet one
// call frees all three.
func Example() {
	ctx := context.Background()
	caches := new(fragment.Registry)
	defer caches.Close()
	cache, err := caches.Open(ctx, "default", "bigcache://?size=16MiB", fragment.Options{})
	if err != nil {
		log.Fatal(err)
	}

	cents := 120
	prices := memo.New(cache, "price", fragment.Policy{Tags: []string{"prices"}},
		func(ctx context.Context, product string) (int, error) { return cents, nil })

	views, err := templates.New(fstest.MapFS{"tea.html": {Data: []byte(
		`{% cache 300 "tea" %}Tea is {{ price }} cents.{% endcache %}`,
	)}}, caches, templates.Options{})
	if err != nil {
		log.Fatal(err)
	}

	e := echo.New()
	e.Renderer = echoext.Renderer(views)
	e.GET("/tea", func(c echo.Context) error {
		price := func(ec *pongo2.ExecutionContext) (int, error) { return prices.Get(tags.Context(ec), "tea") }
		return c.Render(http.StatusOK, "tea.html", map[string]any{"price": price})
	}, echoext.Page(cache, fragment.Policy{}))

	visit := func() {
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/tea", nil))
		fmt.Println(answer.Body, answer.Header().Get("Cache-Status"))
	}
	visit()
	cents = 150
	visit()
	if err := caches.InvalidateTags(ctx, "prices"); err != nil {
		log.Fatal(err)
	}
	visit()
	// Output:
	// Tea is 120 cents. pongocache; fwd=uri-miss; stored
	// Tea is 120 cents. pongocache; hit
	// Tea is 150 cents. pongocache; fwd=uri-miss; stored
}
