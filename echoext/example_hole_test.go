package echoext_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/templates"
)

// A page is shared by all visitors, but for the name of each.
func ExampleContext() {
	caches := new(fragment.Registry)
	cache, err := caches.Open(context.Background(), "default", "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		panic(err)
	}
	err = caches.Hole("visitor", func(ctx context.Context, w io.Writer, _ []any) error {
		name := "guest"
		if c, ok := echoext.Context(ctx); ok {
			if cookie, err := c.Cookie("name"); err == nil {
				name = cookie.Value
			}
		}
		_, err := io.WriteString(w, html.EscapeString(name))
		return err
	})
	if err != nil {
		panic(err)
	}
	views, err := templates.New(fstest.MapFS{
		"home.html": {Data: []byte(`Hello {% hole "visitor" %}, this is rendering {{ n }}.`)},
	}, caches, templates.Options{})
	if err != nil {
		panic(err)
	}

	e, renders := echo.New(), 0
	e.Renderer = echoext.Renderer(views)
	e.GET("/", func(c echo.Context) error {
		renders++
		return c.Render(http.StatusOK, "home.html", map[string]any{"n": renders})
	}, echoext.PageWithConfig(echoext.PageConfig{Cache: cache, HarmlessCookies: []string{"name"}}))

	visit(e, "/", "Cookie", "name=Ada")
	visit(e, "/", "Cookie", "name=Bob")
	visit(e, "/")
	fmt.Println("renderings:", renders)
	// Output:
	// pongocache; fwd=uri-miss; stored → Hello Ada, this is rendering 1.
	// pongocache; hit → Hello Bob, this is rendering 1.
	// pongocache; hit → Hello guest, this is rendering 1.
	// renderings: 1
}
