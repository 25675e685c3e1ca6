package echoext_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Where a page is not stored it is right all the same.
func TestPagesThatAreNotStoredHaveTheirHoles(t *testing.T) {
	for name, c := range map[string]struct {
		with func(config *echoext.PageConfig)
		f    func(s *holeSite, c echo.Context) error
		want string
	}{
		"status": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			return errors.Join(err, c.HTML(http.StatusNotFound, "<"+b.String()+">"))
		}, want: "<secret-ada>"},
		"status and length": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			c.Response().Header().Set("Content-Length", strconv.Itoa(b.Len()))
			return errors.Join(err, c.HTML(http.StatusNotFound, b.String()))
		}, want: "secret-ada"},
		"large": {f: func(s *holeSite, c echo.Context) error {
			return s.html(strings.Repeat("x", 100) + "{name}.")(c)
		}, with: func(c *echoext.PageConfig) { c.MaxBody = 90 }, want: strings.Repeat("x", 100) + "secret-ada."},
		"in pieces": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			c.Response().WriteHeader(http.StatusNotFound)
			for _, one := range []byte("ah " + b.String() + " h <h") {
				_, e := c.Response().Write([]byte{one})
				err = errors.Join(err, e)
			}
			return err
		}, want: "ah secret-ada h <h"},
		"flushed": {f: func(s *holeSite, c echo.Context) error {
			w := c.Response()
			err := s.registry.WriteHole(c.Request().Context(), w, "name")
			w.Flush()
			return errors.Join(err, s.registry.WriteHole(c.Request().Context(), w, "args", 1))
		}, want: "secret-ada1"},
		"set-cookie": {f: func(s *holeSite, c echo.Context) error {
			c.SetCookie(&http.Cookie{Name: "a", Value: "b"})
			return s.html("{name}")(c)
		}, want: "secret-ada"},
		"cache off": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Policy.TTL = -1 }, want: "secret-ada"},
		"cache not open": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Cache = c.Cache.Registry().Cache("later") }, want: "secret-ada"},
		"cache of no registry": {f: func(s *holeSite, c echo.Context) error { return s.html("{name}")(c) },
			with: func(c *echoext.PageConfig) { c.Cache, _ = fragment.New(fragmenttest.NewMemory(), fragment.Options{}) }, want: "secret-ada"},
		"inside of a loader": {f: func(s *holeSite, c echo.Context) error {
			value, err := s.cache.Do(c.Request().Context(), fragment.KeyOf("loader"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
				var b strings.Builder
				err := s.registry.WriteHole(ctx, &b, "name")
				return []byte(b.String()), err
			})
			return errors.Join(err, c.HTMLBlob(http.StatusOK, value))
		}, want: "secret-ada"},
		"changed": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "name")
			return errors.Join(err, c.HTML(http.StatusOK, strings.ToUpper(b.String())))
		}, want: "SECRET-ADA"},
		"escaped": {f: func(s *holeSite, c echo.Context) error {
			var b strings.Builder
			err := s.registry.WriteHole(c.Request().Context(), &b, "args", "<b>")
			return errors.Join(err, c.HTML(http.StatusOK, strings.ReplaceAll(b.String(), "<", "&lt;")))
		}, want: "&lt;b>"},
	} {
		t.Run(name, func(t *testing.T) {
			k := fragmenttest.NewLedger()
			s := newHoleSite(t, k)
			config := sharedCookie
			config.Cache = s.cache
			if c.with != nil {
				c.with(&config)
			}
			s.page("/", config, func(ec echo.Context) error { return c.f(s, ec) })
			for _, user := range []string{"ada", "bob"} {
				w := s.as("/", user, strings.NewReplacer("ada", user, "ADA", strings.ToUpper(user)).Replace(c.want))
				if cc := w.Header().Get("Cache-Control"); name != "flushed" && cc != "private, no-cache" && !strings.HasPrefix(name, "cache ") {
					t.Errorf("Cache-Control is %q", cc)
				}
			}
			if s.renders.Load() < 2 {
				t.Error("the page was stored")
			}
			k.WantWithout(t, "secret-")
			k.WantWithout(t, "SECRET-")
		})
	}
}

// Compressed inside of Page, a page has no marks that could be found.
func TestCompressedPageWithHolesIsRenderedForItsVisitor(t *testing.T) {
	for _, text := range []string{"<p>{name}</p>", strings.Repeat("x", 4000) + "{name}"} {
		k := fragmenttest.NewLedger()
		s := newHoleSite(t, k)
		config := sharedCookie
		config.Cache = s.cache
		s.GET("/", s.html(text), echoext.PageWithConfig(config), middleware.Gzip())
		server := httptest.NewServer(s)
		defer server.Close()
		for _, user := range []string{"ada", "bob"} {
			r, _ := http.NewRequest(http.MethodGet, server.URL, nil)
			r.Header.Set("Cookie", "user="+user)
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if want := strings.ReplaceAll(text, "{name}", "secret-"+user); err != nil || string(body) != want || !response.Uncompressed {
				t.Errorf("got %.60q, %v, compressed %v", body, err, response.Uncompressed)
			}
		}
		if got := s.log.take(); got != "skip hole-lost, skip hole-lost" {
			t.Errorf("got the events %q", got)
		}
		k.WantWithout(t, "secret")
	}
}

func TestHolesOfAPageInsideAnotherMoveUp(t *testing.T) {
	k := fragmenttest.NewLedger()
	s := newHoleSite(t, k)
	config := sharedCookie
	config.Cache = s.cache
	s.Use(echoext.PageWithConfig(config))
	s.page("/", config, s.html("Hello {name}"))
	for _, user := range []string{"ada", "bob", ""} {
		who := user
		if who == "" {
			who = "guest"
		}
		w := s.as("/", user, "Hello secret-"+who)
		if cc := w.Header().Get("Cache-Control"); cc != "private, no-cache" {
			t.Errorf("Cache-Control is %q", cc)
		}
	}
	if got := s.log.take(); got != "store, store" || s.renders.Load() != 1 {
		t.Errorf("got the events %q", got)
	}
	k.WantWithout(t, "secret")
}

// A visitor whose cookie is not harmless passes by, and has holes as well.
func TestVisitorsWhoPassByHaveHoles(t *testing.T) {
	k := fragmenttest.NewLedger()
	s := newHoleSite(t, k)
	s.Renderer = echoext.Renderer(renderFunc(func(ctx context.Context, w io.Writer) error {
		return s.registry.WriteHole(ctx, w, "name")
	}))
	s.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "", nil) }, echoext.Page(s.cache, fragment.Policy{}))
	s.as("/", "", "secret-guest")
	s.as("/", "ada", "secret-ada")
	s.as("/", "", "secret-guest")
	k.WantWithout(t, "secret")
}

type renderFunc func(ctx context.Context, w io.Writer) error

func (f renderFunc) Render(ctx context.Context, w io.Writer, _ string, _ any) error { return f(ctx, w) }

// What a body holds that looks like a mark is text.
func TestMarksCannotBeForged(t *testing.T) {
	s := newHoleSite(t, fragmenttest.NewMemory())
	forged := "h <&\"'\nAAAAAAAAAAAAAAAAAAAAAAAAAA0; h <&\"'\n"
	s.page("/", sharedCookie, s.html(forged+"[{name}]"+forged))
	for range 2 {
		s.as("/", "ada", forged+"[secret-ada]"+forged)
	}
	if s.renders.Load() != 1 {
		t.Error("the page was not stored")
	}
}
