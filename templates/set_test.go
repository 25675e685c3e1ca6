package templates_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

func TestNewRefuses(t *testing.T) {
	files := inMemory(nil)
	_, err := templates.New(nil, new(fragment.Registry), templates.Options{})
	wantError(t, err, `templates: New needs a file system, such as os.DirFS("views") or an embed.FS`)
	_, err = templates.New(files, nil, templates.Options{})
	wantError(t, err, "needs a registry of caches")
	_, err = templates.New(files, new(fragment.Registry), templates.Options{Globals: pongo2.Context{"site-name": 1}})
	wantError(t, err, `Options.Globals: "site-name" is no name for a variable: want letters, digits and _`)
	_, err = templates.New(files, new(fragment.Registry), templates.Options{Globals: pongo2.Context{"_c": 1}})
	wantError(t, err, "the name _c in the context is taken")
}

type named map[string]any

func TestData(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "{{ a }}{{ b }}"}), templates.Options{Globals: pongo2.Context{"a": "global", "b": "B"}})
	wantRender(t, set, "page.html", nil, "globalB")
	for _, data := range []any{map[string]any{"a": 1}, pongo2.Context{"a": 1}, named{"a": 1}} {
		wantRender(t, set, "page.html", data, "1B")
	}
	for _, data := range []any{struct{ A int }{1}, map[string]int{"a": 1}, &named{"a": 1}, "a", 5} {
		_, err := render(set, "page.html", data)
		wantError(t, err, fmt.Sprintf("data is a %T: pass nil, a map[string]any or a pongo2.Context", data))
	}
	_, err := render(set, "page.html", map[string]any{"a-b": 1})
	wantError(t, err, "a-b")
	wantRender(t, set, "page.html", nil, "globalB") // nothing remains of what was passed before
}

func TestRenderLeavesDataAlone(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "<% cache 60 %>{{ a }}<% endcache %>"}), templates.Options{})
	data := map[string]any{"a": 1}
	wantRender(t, set, "page.html", data, "1")
	if len(data) != 1 {
		t.Errorf("got data %v, want it as it was", data)
	}
}

func TestNothingIsWrittenOnAnError(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "\n much {{ fail() }}"}), templates.Options{})
	cause := errors.New("no such luck")
	got, err := render(set, "page.html", map[string]any{"fail": func() (string, error) { return "", cause }})
	if got != "" {
		t.Errorf("got output %q, want none", got)
	}
	wantError(t, err, `templates: render "page.html": page.html:2:10: near "fail() }}": no such luck`)
	var inner *pongo2.Error
	if !errors.As(err, &inner) || inner.Line != 2 {
		t.Errorf("got %#v, want an error that holds a *pongo2.Error with line 2", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteError(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "x"}), templates.Options{})
	want := errors.New("the reader left")
	if err := set.Render(context.Background(), brokenWriter{want}, "page.html", nil); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	wantRender(t, set, "page.html", nil, "x")
}

func TestAngleSpellingInLoadedTemplates(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html":   `{% extends "layout.html" %}{% block x %}<% cache 60 "x" %>{{ n }}{% endcache %}{% include "part.html" %}<% other %>{% endblock %}`,
		"layout.html": `{% cache 60 "y" %}{{ n }}<% endcache %>{% block x %}{% endblock %}`,
		"part.html":   `<%- cache 60 "z" -%> {{ n }} <%- endcache -%>`,
		"wrong.html":  "é\n  <% cache 0 %>x<% endcache %>",
	}), templates.Options{})
	for n := range 2 {
		wantRender(t, set, "page.html", map[string]any{"n": n}, "000<% other %>")
	}
	_, err := render(set, "wrong.html", nil)
	wantError(t, err, `wrong.html:2:12: near "0 %>x<% endcache %>": a TTL of 0 is not above zero`)
}

func TestFilesAreClosed(t *testing.T) {
	files := &counting{FS: inMemory(map[string]string{"page.html": `{% extends "layout.html" %}`, "layout.html": `{% include "part.html" %}`, "part.html": "x"})}
	for _, reload := range []bool{false, true} {
		set := newSet(t, files, templates.Options{Reload: reload})
		wantRender(t, set, "page.html", nil, "x")
		wantRender(t, set, "page.html", nil, "x")
		if n := files.open.Load(); n != 0 {
			t.Errorf("reload %v: %d files are left open", reload, n)
		}
	}
}

func TestTemplatesAreParsedOnce(t *testing.T) {
	files := &counting{FS: inMemory(map[string]string{"page.html": "x"})}
	set := newSet(t, files, templates.Options{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { wantRender(t, set, "page.html", nil, "x") })
	}
	wg.Wait()
	if n := files.opened.Load(); n != 1 {
		t.Errorf("got %d reads, want 1", n)
	}
}

// What Render is given travels to the blocks and to the functions of a template.
func TestRenderHandsOnTheScope(t *testing.T) {
	registry := newRegistry(t)
	set, err := templates.New(inMemory(map[string]string{
		"page.html": `{% include "part.html" with n=n _c=_c only %}{{ tagged() }}`,
		"part.html": `{% cache 60 "a" tags="in" %}{{ n }}{% endcache %}`,
	}), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	renders := 0
	page := func() {
		_, err := registry.Cache("default").Do(context.Background(), fragment.KeyOf("page"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
			renders++
			var out bytes.Buffer
			err := set.Render(ctx, &out, "page.html", map[string]any{"n": renders, "tagged": func(ec *pongo2.ExecutionContext) string {
				fragment.AddTags(tags.Context(ec), "out")
				return ""
			}})
			return out.Bytes(), err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, tag := range []string{"in", "out", "other"} {
		page()
		page()
		if want := min(i+1, 3); renders != want {
			t.Errorf("before %q: got %d renderings, want %d", tag, renders, want)
		}
		if err := registry.InvalidateTags(context.Background(), tag); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIncludeOnlyWithoutTheScopeFails(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `{% include "part.html" with n=n only %}`,
		"part.html": "\n{% cache 60 %}{{ n }}{% endcache %}",
	}), templates.Options{})
	_, err := render(set, "page.html", map[string]any{"n": 1})
	wantError(t, err, `part.html:2:4: near "cache 60 %}{{ n }}{% endcache %}": this block does not know what it is a part of`)
	wantError(t, err, "write {% include … with _c=_c only %}")
}

func TestTwoSetsDoNotSeeEachOther(t *testing.T) {
	files := inMemory(map[string]string{"page.html": `<% cache 60 "a" %>{{ n }}<% endcache %>`})
	one, two := newSet(t, files, templates.Options{}), newSet(t, files, templates.Options{})
	wantRender(t, one, "page.html", map[string]any{"n": 1}, "1")
	wantRender(t, two, "page.html", map[string]any{"n": 2}, "2")
	wantRender(t, one, "page.html", map[string]any{"n": 3}, "1")
}

func TestFromString(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"layout.html": `({% block x %}{% endblock %})`}), templates.Options{})
	tpl, err := set.FromString(`{% extends "layout.html" %}{% block x %}<% cache 60 %>{{ n }}<% endcache %>{% endblock %}`)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		var out strings.Builder
		if err := tpl.Render(context.Background(), &out, map[string]any{"n": n}); err != nil || out.String() != "(0)" {
			t.Errorf("got %q, %v, want (0)", out.String(), err)
		}
	}
	_, err = set.FromString("<% cache 60 %>")
	wantError(t, err, `templates: render "<string>": <string>:1:4: near "cache 60 %>": this block is not closed`)
}

// One cold page for two hundred readers, the template not yet parsed.
func TestColdPageIsRenderedOnce(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": `{{ n }}<% cache 60 "a" %>{{ query() }}<% endcache %>`}), templates.Options{})
	var queries atomic.Int32
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			data := map[string]any{"n": n, "query": func() string { queries.Add(1); return "rows" }}
			wantRender(t, set, "page.html", data, fmt.Sprintf("%drows", n))
		})
	}
	wg.Wait()
	if n := queries.Load(); n != 1 {
		t.Errorf("got %d queries, want 1", n)
	}
}

// What the package's documentation says of two sets on one registry.
func TestSetsOfOneRegistryShareBlocks(t *testing.T) {
	sources := map[string]string{
		"page.html":  `<% cache 60 %>{{ n }}<% endcache %><% cache 60 "a" %>{{ n }}<% endcache %>`,
		"named.html": `<% cache 60 "a" %>{{ n }}<% endcache %>`,
		"text.html":  `<% cache 60 "a" %>other text, {{ n }}<% endcache %>`,
		"moved.html": `<% cache 60 %>{{ n }}<% endcache %>`,
	}
	registry := newRegistry(t)
	one, err := templates.New(inMemory(sources), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := templates.New(inMemory(sources), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantRender(t, one, "page.html", map[string]any{"n": 1}, "11")
	wantRender(t, two, "page.html", map[string]any{"n": 2}, "11")
	wantRender(t, two, "named.html", map[string]any{"n": 2}, "1")
	wantRender(t, two, "text.html", map[string]any{"n": 2}, "other text, 2")
	wantRender(t, two, "moved.html", map[string]any{"n": 2}, "2")
}
