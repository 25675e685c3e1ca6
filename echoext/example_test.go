package echoext_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/templates"
)

// visit sends a request and tells what came back.
func visit(e *echo.Echo, target string, header ...string) {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	fmt.Printf("%s → %s\n", cmp.Or(w.Header().Get("Cache-Status"), "no cache"), w.Body)
}

func ExamplePage() {
	ctx := context.Background()
	cache, err := fragment.Open(ctx, "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		panic(err)
	}
	e, renders := echo.New(), 0
	e.GET("/users", func(c echo.Context) error {
		renders++
		return c.String(http.StatusOK, fmt.Sprint("render ", renders))
	}, echoext.Page(cache, fragment.Policy{TTL: 5 * time.Minute, Tags: []string{"users"}}))

	visit(e, "/users")
	visit(e, "/users?utm_source=mail")
	visit(e, "/users", "Cookie", "session=1")
	if err := cache.InvalidateTags(ctx, "users"); err != nil {
		panic(err)
	}
	visit(e, "/users")
	// Output:
	// pongocache; fwd=uri-miss; stored → render 1
	// pongocache; hit → render 1
	// pongocache; fwd=bypass; detail=cookie → render 2
	// pongocache; fwd=uri-miss; stored → render 3
}

func ExamplePageWithConfig() {
	cache, err := fragment.Open(context.Background(), "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		panic(err)
	}
	e := echo.New()
	// For the whole application, but what is live.
	e.Use(echoext.PageWithConfig(echoext.PageConfig{
		Cache:     cache,
		Skipper:   func(c echo.Context) bool { return c.Path() == "/live" },
		OnlyQuery: []string{"page"},
		Browser:   "public, max-age=60",
	}))
	renders := 0
	show := func(c echo.Context) error {
		renders++
		return c.String(http.StatusOK, fmt.Sprint("render ", renders, " of ", c.Request().URL))
	}
	e.GET("/list", show)
	e.GET("/live", show)

	visit(e, "/list?page=2&sort=up")
	visit(e, "/list?page=2")
	visit(e, "/live")
	visit(e, "/live")
	// Output:
	// pongocache; fwd=uri-miss; stored → render 1 of /list?page=2
	// pongocache; hit → render 1 of /list?page=2
	// no cache → render 2 of /live
	// no cache → render 3 of /live
}

func ExamplePageConfig_ToMiddleware() {
	_, err := echoext.PageConfig{}.ToMiddleware()
	fmt.Println(err)
	// Output: echoext: PageConfig.Cache is nil: pass a cache, such as registry.Cache("default")
}

// A block in a template reports its tags to the page around it.
func ExampleRenderer() {
	ctx := context.Background()
	var caches fragment.Registry
	cache, err := caches.Open(ctx, "default", "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		panic(err)
	}
	files := fstest.MapFS{"page.html": {Data: []byte(`{% cache 60 "list" tags="users" %}{{ users() }}{% endcache %}`)}}
	views, err := templates.New(files, &caches, templates.Options{})
	if err != nil {
		panic(err)
	}
	e, queries := echo.New(), 0
	e.Logger.SetOutput(io.Discard)
	e.Renderer = echoext.Renderer(views)
	e.GET("/", func(c echo.Context) error {
		return c.Render(http.StatusOK, "page.html", map[string]any{
			"users": func() string { queries++; return fmt.Sprint("query ", queries) },
		})
	}, echoext.Page(cache, fragment.Policy{}))

	visit(e, "/")
	visit(e, "/")
	if err := caches.InvalidateTags(ctx, "users"); err != nil {
		panic(err)
	}
	visit(e, "/")
	// Output:
	// pongocache; fwd=uri-miss; stored → query 1
	// pongocache; hit → query 1
	// pongocache; fwd=uri-miss; stored → query 2
}
