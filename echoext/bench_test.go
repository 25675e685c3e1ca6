package echoext_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/allegro/bigcache/v3"
	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/internal/ratio"
)

const pageSize = 20 << 10

// memoryWriter is a client that keeps nothing.
type memoryWriter struct{ header http.Header }

func (w *memoryWriter) Header() http.Header         { return w.header }
func (w *memoryWriter) WriteHeader(int)             {}
func (w *memoryWriter) Write(p []byte) (int, error) { return len(p), nil }

// bare is the simplest page cache there can be: bigcache.Get, three headers and
// the write.
func bare(b *testing.B) *echo.Echo {
	config := bigcache.Config{
		Shards: 64, LifeWindow: 1 << 60, HardMaxCacheSize: 64, MaxEntriesInWindow: 64 * 16, MaxEntrySize: 64,
	}
	store, err := bigcache.New(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	e := echo.New()
	e.GET("/page", func(echo.Context) error { return nil }, func(echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			body, err := store.Get(c.Request().URL.Path)
			if err != nil {
				return err
			}
			h := c.Response().Header()
			h.Set("Content-Type", "text/html; charset=UTF-8")
			h.Set("Content-Length", "20480")
			h.Set("Etag", `"0123456789abcdef"`)
			c.Response().WriteHeader(http.StatusOK)
			_, err = c.Response().Write(body)
			return err
		}
	})
	if err := store.Set("/page", make([]byte, pageSize)); err != nil {
		b.Fatal(err)
	}
	return e
}

// cached is a site whose /page is 20 KB and /vary differs by Accept-Language.
func cached(b *testing.B, config echoext.PageConfig) *echo.Echo {
	c, err := fragment.Open(b.Context(), "bigcache://", fragment.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	config.Cache = c
	// A cache in use is full. An empty one leaves the process with so small a
	// heap that the garbage collector runs after every few hundred pages, on
	// either side.
	for i := range 3000 {
		if err := c.Set(b.Context(), fragment.KeyOf("other", i), make([]byte, pageSize), fragment.Policy{}); err != nil {
			b.Fatal(err)
		}
	}
	e := echo.New()
	page := echoext.PageWithConfig(config)
	body := strings.Repeat("x", pageSize)
	e.GET("/page", func(c echo.Context) error { return c.HTML(http.StatusOK, body) }, page)
	e.GET("/vary", func(c echo.Context) error {
		c.Response().Header().Set("Vary", "Accept-Language")
		return c.HTML(http.StatusOK, body)
	}, page)
	return e
}

// visits returns a side of a benchmark: requests for target, once warmed.
func visits(b *testing.B, e *echo.Echo, target string, headers ...string) func(n int) {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("User-Agent", "Mozilla/5.0")
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip, br")
	r.Header.Set("Accept-Language", "de")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := &memoryWriter{header: make(http.Header)}
	serve := func(n int) {
		for range n {
			clear(w.header)
			e.ServeHTTP(w, r)
		}
	}
	serve(2)
	if status := w.header.Get("Cache-Status"); status != "" && status != "pongocache; hit" {
		b.Fatalf("%s is not a hit: %s", target, status)
	}
	return serve
}

// BenchmarkPageHit sets a hit of 20 KB against the bare middleware.
func BenchmarkPageHit(b *testing.B) {
	for name, visit := range map[string][]string{
		"plain":            {"/page"},
		"reordered-query":  {"/page?b=2&a=1"},
		"harmless-cookies": {"/page", "Cookie: _ga=GA1.2.1234567890.1234567890; _gid=GA1.2.123"},
		"vary":             {"/vary"},
	} {
		b.Run(name, func(b *testing.B) {
			ours := visits(b, cached(b, echoext.PageConfig{}), visit[0], visit[1:]...)
			ratio.Compare(b, visits(b, bare(b), "/page"), ours)
		})
	}
}

// BenchmarkNotModified sets a 304 against the full hit of the same page.
func BenchmarkNotModified(b *testing.B) {
	e := cached(b, echoext.PageConfig{})
	full := visits(b, e, "/page")
	w := &memoryWriter{header: make(http.Header)}
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/page", nil))
	ratio.Compare(b, full, visits(b, e, "/page", "If-None-Match: "+w.header.Get("Etag")))
}

// BenchmarkLoopback sets the throughput of hits over loopback HTTP against a
// handler that writes the same bytes. The ratio is of times: 1/0.97 = 1.03.
func BenchmarkLoopback(b *testing.B) {
	body := []byte(strings.Repeat("x", pageSize))
	plain := echo.New()
	plain.GET("/page", func(c echo.Context) error {
		c.Response().Header().Set("Content-Length", fmt.Sprint(pageSize))
		return c.HTMLBlob(http.StatusOK, body)
	})
	ratio.Compare(b, clients(b, plain), clients(b, cached(b, echoext.PageConfig{})))
}

// clients returns requests over loopback by two clients at a time.
func clients(b *testing.B, e *echo.Echo) func(n int) {
	server := httptest.NewServer(e)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	get := func() {
		response, err := client.Get(server.URL + "/page")
		if err != nil {
			b.Error(err)
			return
		}
		if n, _ := io.Copy(io.Discard, response.Body); n != pageSize {
			b.Errorf("got %d bytes", n)
		}
		_ = response.Body.Close()
	}
	get()
	return func(n int) {
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				for j := i; j < n; j += 2 {
					get()
				}
			})
		}
		wg.Wait()
	}
}
