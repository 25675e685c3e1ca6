package pongocache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// A writer of templates at random: blocks in blocks, in loops and under filters, with
// holes anywhere.
type templateWriter struct {
	*rand.Rand
	blocks int
}

func (w *templateWriter) some(depth int, nocache bool) string {
	var b strings.Builder
	for range 1 + w.IntN(4) {
		b.WriteString(w.one(depth, nocache))
	}
	return b.String()
}

func (w *templateWriter) one(depth int, nocache bool) string {
	if depth == 0 {
		return []string{"text ", "<i>", `{% hole "user" 1 %}`, `{% hole "raw" %}`, `{{ 1 }}`}[w.IntN(5)]
	}
	inner := func() string { return w.some(depth-1, nocache) }
	switch w.IntN(12) {
	case 0, 1, 2:
		w.blocks++
		return fmt.Sprintf(`{%% cache 60 "b%d" if=on %%}%s{%% endcache %%}`, w.blocks, inner())
	case 3:
		return `{% for i in items %}` + inner() + `{% endfor %}`
	case 4:
		if w.IntN(3) == 0 {
			return `{% filter upper %}` + inner() + `{% endfilter %}`
		}
		return inner()
	case 5:
		return `{% include "part.html" %}`
	case 6:
		return `{{ m() }}`
	case 7:
		return []string{`{{ m()|lower }}`, `{{ m()|length }}`, `{% with x=m() %}{{ x }}{{ x }}{% endwith %}`, `{{ m()|escape }}`, `{% with x=m() %}{{ x }}{{ x|upper }}{% endwith %}`}[w.IntN(5)]
	case 8:
		return `{% autoescape off %}` + inner() + `{% endautoescape %}`
	case 9, 10:
		if nocache {
			return `{% nocache %}` + w.some(depth-1, false) + `{{ who }}{% endnocache %}`
		}
	}
	return w.one(0, nocache)
}

// page returns the templates of one page.
func (w *templateWriter) page(nocache bool) fstest.MapFS {
	text := `{% macro m() %}m{% hole "user" "m" %}{% endmacro %}` + w.some(4, nocache)
	return fstest.MapFS{"page.html": {Data: []byte(text)}, "part.html": {Data: []byte(`part {% hole "user" "part" %}`)}}
}

// modelSite serves page.html by / and, behind Page, by /page; /off has no cache at all.
func modelSite(t *testing.T, files fstest.MapFS) (*echo.Echo, *ledger) {
	t.Helper()
	l := &ledger{Backend: fragmenttest.NewMemory()}
	registry := new(fragment.Registry)
	who := func(ctx context.Context) string {
		c, _ := echoext.Context(ctx)
		cookie, _ := c.Cookie("session")
		return cookie.Value
	}
	c, err := fragment.New(l, fragment.Options{})
	err = errors.Join(err, registry.Use("", c),
		registry.Hole("user", func(ctx context.Context, w io.Writer, args []any) error {
			_, err := fmt.Fprint(w, who(ctx), args)
			return err
		}),
		registry.Hole("raw", func(ctx context.Context, w io.Writer, _ []any) error {
			_, err := io.WriteString(w, "<b>"+who(ctx)+"</b>")
			return err
		}))
	set, e2 := templates.New(files, registry, templates.Options{})
	if err = errors.Join(err, e2); err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Renderer = echoext.Renderer(set)
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = c.String(http.StatusInternalServerError, err.Error()) }
	render := func(c echo.Context) error {
		name := "hidden"
		if cookie, _ := c.Cookie("session"); cookie != nil {
			name = "<" + cookie.Value + ">"
		}
		return c.Render(http.StatusOK, "page.html", map[string]any{"who": name, "items": []int{1, 2}, "on": c.Path() != "/off"})
	}
	e.GET("/", render)
	e.GET("/off", render)
	e.GET("/page", render, echoext.PageWithConfig(echoext.PageConfig{Cache: registry.Cache(""), HarmlessCookies: []string{"session"}}))
	return e, l
}

// Whatever a template is, each visitor is shown what he would be without a cache, and
// nothing of him is stored.
func TestHolesShowWhatNoCacheWould(t *testing.T) {
	for seed := range uint64(150) {
		w := &templateWriter{Rand: rand.New(rand.NewPCG(seed, 1))}
		nocache := seed%2 == 0
		files := w.page(nocache)
		e, l := modelSite(t, files)
		for range 2 {
			for _, who := range []string{"SECRET-Ada", "SECRET-Bob"} {
				want := visitAs(e, "/off", who)
				for _, target := range []string{"/", "/page"} {
					if nocache && target == "/page" {
						continue // a handler behind Page does not know who asks
					}
					got := visitAs(e, target, who)
					if got.Code != want.Code || got.Body.String() != want.Body.String() {
						t.Fatalf("seed %d, %s as %s of\n%s\ngot:  %d %s\nwant: %d %s", seed, target, who, files["page.html"].Data, got.Code, got.Body, want.Code, want.Body)
					}
				}
			}
		}
		l.wantWithout(t, "SECRET")
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, files["page.html"].Data)
		}
	}
}
