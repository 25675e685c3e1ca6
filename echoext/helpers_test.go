package echoext_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func newCache(t testing.TB) *fragment.Cache {
	t.Helper()
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// site is an Echo application under test, whose pages count their renders.
type site struct {
	*echo.Echo
	t       testing.TB
	cache   *fragment.Cache
	renders atomic.Int64
}

func newSite(t testing.TB) *site {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	return &site{Echo: e, t: t, cache: newCache(t)}
}

// page adds a route for GET and HEAD that is cached by config and answers with its count.
func (s *site) page(path string, config echoext.PageConfig, body ...func(c echo.Context) error) {
	if config.Cache == nil {
		config.Cache = s.cache
	}
	s.Match([]string{http.MethodGet, http.MethodHead}, path, func(c echo.Context) error {
		n := s.renders.Add(1)
		for _, f := range body {
			if err := f(c); err != nil || c.Response().Committed {
				return err
			}
		}
		return c.HTML(http.StatusOK, fmt.Sprintf("render %d of %s", n, c.Request().URL.RequestURI()))
	}, echoext.PageWithConfig(config))
}

// do serves one request; headers are "Name: value".
func (s *site) do(method, target string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return s.serve(r)
}

func (s *site) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) get(target string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.do(http.MethodGet, target, headers...)
}

// status is what Cache-Status says, without the name of the cache.
func status(w *httptest.ResponseRecorder) string {
	return strings.TrimPrefix(w.Header().Get("Cache-Status"), "pongocache; ")
}

// stored reports whether the second of two equal requests was a hit.
func (s *site) stored(target string, headers ...string) bool {
	s.t.Helper()
	before := s.renders.Load()
	s.get(target, headers...)
	s.get(target, headers...)
	return s.renders.Load() == before+1
}
