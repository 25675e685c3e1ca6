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

const (
	pageSize = 20 << 10
	many     = 1000 // pages: more than the backend keeps from being copied
)

// memoryWriter is a client that keeps nothing.
type memoryWriter struct{ header http.Header }

func (w *memoryWriter) Header() http.Header         { return w.header }
func (w *memoryWriter) WriteHeader(int)             {}
func (w *memoryWriter) Write(p []byte) (int, error) { return len(p), nil }

// bare is the simplest page cache there can be: bigcache.Get, three headers and
// the write.
func bare(b *testing.B) *echo.Echo {
	store, err := bigcache.New(b.Context(), bigcache.Config{
		Shards: 64, LifeWindow: 1 << 60, HardMaxCacheSize: 64, MaxEntriesInWindow: 64 * 16, MaxEntrySize: 64,
	})
	if err != nil {
		b.Fatal(err)
	}
	e := echo.New()
	e.GET("/page/:id", func(echo.Context) error { return nil }, func(echo.HandlerFunc) echo.HandlerFunc {
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
	for i := range many {
		if err := store.Set(fmt.Sprint("/page/", i), make([]byte, pageSize)); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

// cached is a site whose pages have 20 KB. Those under /vary differ by
// Accept-Language.
func cached(b *testing.B) *echo.Echo {
	c, err := fragment.Open(b.Context(), "bigcache://", fragment.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	// A cache in use is full. An empty one leaves the process with so small a
	// heap that the garbage collector runs after every few hundred pages.
	for i := range 3 * many {
		if err := c.Set(b.Context(), fragment.KeyOf("other", i), make([]byte, pageSize), fragment.Policy{}); err != nil {
			b.Fatal(err)
		}
	}
	e := echo.New()
	page := echoext.Page(c, fragment.Policy{})
	body := strings.Repeat("x", pageSize)
	e.GET("/page/:id", func(c echo.Context) error { return c.HTML(http.StatusOK, body) }, page)
	e.GET("/vary/:id", func(c echo.Context) error {
		c.Response().Header().Set("Vary", "Accept-Language")
		return c.HTML(http.StatusOK, body)
	}, page)
	return e
}

// visits returns a side of a benchmark: requests for one page after another, of
// so many, each of which was warmed. In target, N stands for the page.
func visits(b *testing.B, e *echo.Echo, pages int, target string, headers ...string) func(n int) {
	w := &memoryWriter{header: make(http.Header)}
	requests := make([]*http.Request, pages)
	for i := range requests {
		r := httptest.NewRequest(http.MethodGet, strings.Replace(target, "N", fmt.Sprint(i), 1), nil)
		for _, h := range append(headers, "User-Agent: Mozilla/5.0", "Accept: text/html", "Accept-Encoding: gzip, br", "Accept-Language: de") {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		for range 4 {
			clear(w.header)
			e.ServeHTTP(w, r)
		}
		if status := w.header.Get("Cache-Status"); status != "" && status != "pongocache; hit" {
			b.Fatalf("%s is not a hit: %s", r.URL, status)
		}
		requests[i] = r
	}
	next := 0
	return func(n int) {
		for range n {
			clear(w.header)
			e.ServeHTTP(w, requests[next])
			next = (next + 1) % pages
		}
	}
}

// BenchmarkPageHit sets a hit of 20 KB against the bare middleware: for one page
// that everybody reads, and for one after another of many.
func BenchmarkPageHit(b *testing.B) {
	for _, kind := range []struct {
		name  string
		visit []string
	}{
		{"plain", []string{"/page/N"}},
		{"reordered-query", []string{"/page/N?b=2&a=1"}},
		{"harmless-cookies", []string{"/page/N", "Cookie: _ga=GA1.2.1234567890.1234567890; _gid=GA1.2.123"}},
		{"vary", []string{"/vary/N"}},
	} {
		for _, pages := range []int{1, many} {
			b.Run(fmt.Sprintf("%s/pages=%d", kind.name, pages), func(b *testing.B) {
				ours := visits(b, cached(b), pages, kind.visit[0], kind.visit[1:]...)
				ratio.Compare(b, visits(b, bare(b), pages, "/page/N"), ours)
			})
		}
	}
}

// BenchmarkNotModified sets a 304 against the full hit of the same pages. Where
// one page is read over and over its body is not copied either, and the two take
// the same time.
func BenchmarkNotModified(b *testing.B) {
	for _, pages := range []int{1, many} {
		b.Run(fmt.Sprintf("pages=%d", pages), func(b *testing.B) {
			e := cached(b)
			full := visits(b, e, pages, "/page/N")
			w := &memoryWriter{header: make(http.Header)}
			e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/page/0", nil))
			ratio.Compare(b, full, visits(b, e, pages, "/page/N", "If-None-Match: "+w.header.Get("Etag")))
		})
	}
}

// BenchmarkLoopback sets the throughput of hits over loopback HTTP against a
// handler that writes the same response. The ratio is one of times: 0.97 of the
// throughput is 1.03.
func BenchmarkLoopback(b *testing.B) {
	ours := cached(b)
	w := httptest.NewRecorder()
	for range 2 {
		w = httptest.NewRecorder()
		ours.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/page/0", nil))
	}
	plain := echo.New()
	plain.GET("/page/0", func(c echo.Context) error {
		for name, values := range w.Header() {
			c.Response().Header().Set(name, values[0])
		}
		return c.HTMLBlob(http.StatusOK, w.Body.Bytes())
	})
	ratio.Compare(b, clients(b, plain), clients(b, ours))
}

// clients returns requests over loopback by two clients at a time.
func clients(b *testing.B, e *echo.Echo) func(n int) {
	server := httptest.NewServer(e)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
	get := func() {
		response, err := client.Get(server.URL + "/page/0")
		if err != nil {
			b.Error(err)
			return
		}
		if n, _ := io.Copy(io.Discard, response.Body); n != pageSize {
			b.Errorf("got %d bytes", n)
		}
		_ = response.Body.Close()
	}
	for range 3 {
		get()
	}
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
