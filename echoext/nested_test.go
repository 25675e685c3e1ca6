package echoext_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
)

func unzip(t *testing.T, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	return string(all)
}

// A loader inside a handler reports its tags and its remaining life to the
// page, when it is filled and when it is a hit.
func TestPageLivesNoLongerThanItsParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		load := func(ctx context.Context) {
			_, _ = s.cache.Do(ctx, fragment.KeyOf("loader"), fragment.Policy{TTL: 5 * time.Second, Tags: []string{"inner"}},
				func(context.Context) ([]byte, error) { return []byte("x"), nil })
		}
		s.page("/", echoext.PageConfig{Policy: fragment.Policy{TTL: 5 * time.Minute}},
			func(c echo.Context) error { load(c.Request().Context()); return nil })
		load(t.Context())
		time.Sleep(3 * time.Second)
		s.get("/")
		time.Sleep(1900 * time.Millisecond)
		if w := s.get("/"); status(w) != "hit" {
			t.Errorf("before its part expires the page is %q", status(w))
		}
		time.Sleep(100 * time.Millisecond)
		if w := s.get("/"); status(w) == "hit" {
			t.Error("the page outlives its part")
		}
		if err := s.cache.InvalidateTags(t.Context(), "inner"); err != nil {
			t.Fatal(err)
		}
		if w := s.get("/"); status(w) == "hit" {
			t.Error("the page does not know the tag of its part")
		}
	})
}

func TestPagesInsidePagesKeepTheirResponsesApart(t *testing.T) {
	s := newSite(t)
	group := s.Group("", echoext.Page(s.cache, fragment.Policy{}), func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Response().Header().Set("X-Between", "1")
			return next(c)
		}
	})
	group.GET("/", func(c echo.Context) error { s.renders.Add(1); return c.String(200, "x") },
		echoext.Page(s.cache, fragment.Policy{Tags: []string{"t"}}))
	for range 3 {
		if w := s.get("/"); w.Header().Get("X-Between") != "1" || w.Body.String() != "x" {
			t.Errorf("got %v %q", w.Header(), w.Body)
		}
	}
	if s.renders.Load() != 1 {
		t.Errorf("%d renders", s.renders.Load())
	}
	_ = s.cache.InvalidateTags(t.Context(), "t")
	s.get("/")
	if s.renders.Load() != 2 {
		t.Error("the outer page does not know the tag of the inner one")
	}
}

func TestOneMiddlewareForTheWholeApplication(t *testing.T) {
	s := newSite(t)
	s.Use(echoext.PageWithConfig(echoext.PageConfig{Cache: s.cache, Skipper: func(c echo.Context) bool { return c.Path() == "/live" }}))
	for _, path := range []string{"/a", "/b/:id", "/live"} {
		s.GET(path, func(c echo.Context) error { s.renders.Add(1); return c.String(200, c.Request().URL.Path) })
	}
	s.POST("/a", func(c echo.Context) error { return c.String(200, "posted") })
	for range 2 {
		for _, path := range []string{"/a", "/b/1", "/b/2", "/live"} {
			if w := s.get(path); w.Body.String() != path {
				t.Errorf("%s got %q", path, w.Body)
			}
		}
		if w := s.get("/nowhere"); w.Code != 404 {
			t.Errorf("/nowhere got %d", w.Code)
		}
		if w := s.do("POST", "/a"); w.Body.String() != "posted" || status(w) != "fwd=method" {
			t.Errorf("POST got %q %q", w.Body, status(w))
		}
	}
	if s.renders.Load() != 5 {
		t.Errorf("%d renders, want 5", s.renders.Load())
	}
	if names := s.cache.Stats().Names; names["/b/:id"].Fills != 2 {
		t.Errorf("statistics are not by route: %v", names)
	}
}

func TestCacheThatIsDownOrNotOpened(t *testing.T) {
	var r fragment.Registry
	r.Observe = func(context.Context, fragment.Event) {}
	s := newSite(t)
	s.page("/later", echoext.PageConfig{Cache: r.Cache("later")})
	closed := newCache(t)
	s.page("/closed", echoext.PageConfig{Cache: closed})
	_ = closed.Close()
	for _, path := range []string{"/later", "/closed"} {
		if s.stored(path) {
			t.Errorf("%s is stored", path)
		}
		if w := s.do(http.MethodGet, path, `If-None-Match: "x"`); w.Code != 200 {
			t.Errorf("%s got %d", path, w.Code)
		}
	}
}
