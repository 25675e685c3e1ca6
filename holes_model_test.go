package pongocache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/echoext"
	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// A writer of templates at random: blocks and loops of blocks in each other, in loops
// and under filters, with holes anywhere, also in variables.
type templateWriter struct {
	*rand.Rand
	blocks int
	stored int      // how many cached bodies are around
	have   []string // variables that hold what a macro with a hole wrote
}

func (w *templateWriter) some(depth int, nocache bool) string {
	var b strings.Builder
	for range 1 + w.IntN(4) {
		b.WriteString(w.one(depth, nocache))
	}
	return b.String()
}

func (w *templateWriter) pick(some ...string) string { return some[w.IntN(len(some))] }

func (w *templateWriter) leaf() string {
	if n := len(w.have); n > 0 && w.IntN(3) == 0 {
		return strings.ReplaceAll(w.pick(`{{ x }}`, `{{ x|lower }}`, `{{ x|safe }}`, `{% hole "user" x %}`), "x", w.have[w.IntN(n)])
	}
	return w.pick("text ", "<i> <b>", `{% hole "user" 1 %}`, `{% hole "raw" %}`, `{{ 1 }}`, `{% include "block.html" %}`)
}

func (w *templateWriter) one(depth int, nocache bool) string {
	if depth == 0 {
		return w.leaf()
	}
	inner := func() string { return w.some(depth-1, nocache) }
	switch w.IntN(16) {
	case 0, 1, 2:
		return w.block(`{%% cache 60 "b%d" if=on`+w.pick("", "", " version=2", " refresh=on", " stale=1h"), inner, "cache")
	case 3, 4:
		empty := w.some(depth-1, false)
		head := `{%% cacheeach i in ` + w.pick("items", "items reversed", "none") + ` 60 "e%d" i if=on` + w.pick("", " refresh=(i == 1)")
		return w.block(head, func() string { return "{{ i }}" + w.some(depth-1, false) + "{% empty %}" + empty }, "cacheeach")
	case 5:
		return `{% for i in items %}` + inner() + `{% endfor %}`
	case 6:
		tag := w.pick("", "", "", "", "filter upper", "spaceless")
		if word, _, _ := strings.Cut(tag, " "); word != "" {
			return `{% ` + tag + ` %}` + inner() + `{% end` + word + ` %}`
		}
		return inner()
	case 7:
		return `{% include "part.html" %}`
	case 8:
		return w.pick(`{{ m() }}`, `{{ m() }}`, `{{ m()|lower }}`, `{{ m()|length }}`, `{% with x=m() %}{{ x }}{{ x }}{% endwith %}`, `{{ m()|escape }}`, `{% with x=m() %}{{ x }}{{ x|upper }}{% endwith %}`)
	case 9:
		return `{% autoescape off %}` + inner() + `{% endautoescape %}`
	case 10, 11:
		if nocache {
			outer := *w
			w.have, w.stored = nil, 0
			defer func() { w.have, w.stored = outer.have, outer.stored }()
			return `{% nocache %}` + w.some(depth-1, false) + `{{ who }}` + w.pick("", `{% include "deep.html" %}`) + `{% endnocache %}`
		}
	case 12, 13:
		if w.stored > 0 { // elsewhere a variable holds what one visitor sees
			return w.variable(inner)
		}
	}
	return w.leaf()
}

func (w *templateWriter) block(head string, body func() string, word string) string {
	w.blocks++
	head = fmt.Sprintf(head, w.blocks)
	w.stored++
	defer func() { w.stored-- }()
	return head + ` %}` + body() + `{% end` + word + ` %}`
}

func (w *templateWriter) variable(body func() string) string {
	have, name := w.have, fmt.Sprint("x", len(w.have))
	w.have = append(slices.Clip(have), name)
	defer func() { w.have = have }()
	return `{% with ` + name + `=m() %}` + body() + `{% endwith %}`
}

// page returns the templates of one page.
func (w *templateWriter) page(nocache bool) fstest.MapFS {
	text := `{% macro m() %}m{% hole "user" "m" %}{% endmacro %}` + w.some(4, nocache)
	return fstest.MapFS{
		"page.html":  {Data: []byte(text)},
		"part.html":  {Data: []byte(`part {% hole "user" "part" %}`)},
		"block.html": {Data: []byte(`{% cache 60 "block" if=on %}B{% hole "user" "block" %}{% endcache %}`)},
		"deep.html":  {Data: []byte(`{% cache 60 "deep" if=on %}D{% nocache %}{{ who }}{% endnocache %}{% endcache %}`)},
	}
}

// modelSite serves page.html by / and, behind Page, by /page; /off has no cache at all.
func modelSite(t *testing.T, files fstest.MapFS) (*echo.Echo, *fragmenttest.Ledger) {
	t.Helper()
	l := fragmenttest.NewLedger()
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
		l.WantWithout(t, "SECRET")
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, files["page.html"].Data)
		}
	}
}
