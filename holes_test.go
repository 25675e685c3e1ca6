package pongocache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// holeSite is an application whose pages are templates with holes. The hole "user"
// shows the cookie of a visitor.
func holeSite(t *testing.T, files map[string]string) (*echo.Echo, *fragmenttest.Ledger) {
	t.Helper()
	l := fragmenttest.NewLedger()
	registry, fsys := new(fragment.Registry), make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c, err := fragment.New(l, fragment.Options{})
	err = errors.Join(err, registry.Use("", c), registry.Hole("user", func(ctx context.Context, w io.Writer, args []any) error {
		c, ok := echoext.Context(ctx)
		if !ok {
			return errors.New("the request is not known")
		}
		cookie, err := c.Cookie("session")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%v", cookie.Value, args)
		return err
	}))
	set, e2 := templates.New(fsys, registry, templates.Options{})
	if err = errors.Join(err, e2); err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Renderer = echoext.Renderer(set)
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = c.String(http.StatusInternalServerError, err.Error()) }
	render := func(c echo.Context) error {
		cookie, _ := c.Cookie("session")
		who := "hidden"
		if cookie != nil {
			who = cookie.Value
		}
		return c.Render(http.StatusOK, c.Param("name"), map[string]any{"who": who, "items": []int{1, 2}})
	}
	e.GET("/plain/:name", render)
	e.GET("/page/:name", render, echoext.PageWithConfig(echoext.PageConfig{Cache: registry.Cache(""), HarmlessCookies: []string{"session"}}))
	e.GET("/gzip/:name", render, echoext.PageWithConfig(echoext.PageConfig{Cache: registry.Cache(""), HarmlessCookies: []string{"session"}}), middleware.Gzip())
	return e, l
}

func visitAs(e *echo.Echo, target, who string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(http.MethodGet, target, nil), httptest.NewRecorder()
	r.AddCookie(&http.Cookie{Name: "session", Value: who})
	e.ServeHTTP(w, r)
	return w
}

var holeTemplates = map[string]string{
	"part.html":   `<% hole "user" "part" %>`,
	"hole.html":   `<% hole "user" %>`,
	"block.html":  `<% cache 60 "block" %>shared {% for i in items %}<% hole "user" i %> {% endfor %}{% include "part.html" %}<% endcache %>`,
	"nested.html": `<% cache 60 "outer" %>(<% cache 60 "inner" %><% hole "user" 1 %><% endcache %>)<% hole "user" 2 %><% endcache %>`,
	"lost.html":   `<% cache 60 "lost" %>{% filter upper %}a<% hole "user" %>{% endfilter %}<% endcache %>`,
}

var holeOutputs = map[string]string{
	"hole.html": "WHO[]", "block.html": "shared WHO[1] WHO[2] WHO[part]", "nested.html": "(WHO[1])WHO[2]", "lost.html": "AWHO[]",
}

// A hole is filled for each visitor in a template, a block, a block in a page, and in a
// page that is compressed behind Page.
func TestHolesOnEachSurface(t *testing.T) {
	for name, want := range holeOutputs {
		for _, surface := range []string{"/plain/", "/page/", "/gzip/"} {
			e, l := holeSite(t, holeTemplates)
			for range 2 {
				for _, who := range []string{"SECRET-ADA", "SECRET-BOB"} {
					w := visitAs(e, surface+name, who)
					if want := strings.ReplaceAll(want, "WHO", who); w.Code != http.StatusOK || w.Body.String() != want {
						t.Errorf("%s%s as %s: got %d %q, want %q (%s)", surface, name, who, w.Code, w.Body, want, w.Header().Get("Cache-Status"))
					}
				}
			}
			hit := strings.Contains(visitAs(e, surface+name, "x").Header().Get("Cache-Status"), "hit")
			if want := surface != "/plain/" && name != "lost.html"; hit != want {
				t.Errorf("%s%s: a hit: %v, want %v", surface, name, hit, want)
			}
			l.WantWithout(t, "SECRET")
		}
	}
}

// A hit of a page runs no template: one with {% nocache %} is not stored.
func TestNocacheInAPage(t *testing.T) {
	e, l := holeSite(t, map[string]string{"page.html": `<% cache 60 "a" %>shared <% nocache %>{{ who }}<% endnocache %><% endcache %>`})
	for range 2 {
		w := visitAs(e, "/page/page.html", "SECRET")
		if got := w.Header().Get("Cache-Status"); !strings.Contains(got, "do-not-store") || w.Body.String() != "shared hidden" {
			t.Errorf("got %q, %s", w.Body, got)
		}
		if w := visitAs(e, "/plain/page.html", "SECRET"); w.Body.String() != "shared SECRET" {
			t.Errorf("without Page: got %q", w.Body)
		}
	}
	l.WantWithout(t, "SECRET")
}

func TestVisitorsOfOnePageAtOnce(t *testing.T) {
	e, l := holeSite(t, holeTemplates)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			who := fmt.Sprint("SECRET-", i)
			for name, want := range holeOutputs {
				for _, surface := range []string{"/plain/", "/page/"} {
					w := visitAs(e, surface+name, who)
					if want := strings.ReplaceAll(want, "WHO", who); w.Body.String() != want {
						t.Errorf("%s%s as %s: got %q, want %q", surface, name, who, w.Body, want)
					}
				}
			}
		})
	}
	wg.Wait()
	l.WantWithout(t, "SECRET")
}
