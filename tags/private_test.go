package tags_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

type request struct{ Path string }

func (r *request) Lang() string { return "lang " + r.Path }

// visitor is what a site hands to its templates for one visitor.
func visitor(n int) pongo2.Context {
	return pongo2.Context{
		"request": &request{fmt.Sprint("p", n)}, "session": map[string]any{"user": fmt.Sprint("u", n)},
		"csrf": func() string { return fmt.Sprint("t", n) }, "who": fmt.Sprint("u", n),
		"reads": "reads.html", "m": map[string]int{"session": 1},
		"path": func(ec *pongo2.ExecutionContext) string {
			v, _ := tags.Lookup(ec, "request")
			return v.(*request).Path
		},
	}
}

// Ways to read a private key in a body, and what each visitor gets by it.
var privateReads = map[string]struct {
	files map[string]string
	key   string
	want  string // with N for the number of the visitor
}{
	"a field":                    {page(`{{ request.Path }}`), "request", "pN"},
	"a method":                   {page(`{{ request.Lang }}`), "request", "lang pN"},
	"a key of a map":             {page(`{{ session.user }}`), "session", "uN"},
	"a function":                 {page(`{{ csrf }}`), "csrf", "tN"},
	"a call":                     {page(`{{ csrf() }}`), "csrf", "tN"},
	"a condition":                {page(`{% if session %}in{% endif %}`), "session", "in"},
	"a filter":                   {page(`{{ session|default:"none"|length }}`), "session", "1"},
	"a loop":                     {page(`{% for k, v in session %}{{ k }}{{ v }}{% endfor %}`), "session", "useruN"},
	"with":                       {page(`{% with s=session %}{{ s.user }}{% endwith %}`), "session", "uN"},
	"set":                        {page(`{% set s = session.user %}{{ s }}`), "session", "uN"},
	"an argument":                {page(`{% include "part.html" with x=session.user only %}`), "session", "uN"},
	"an include":                 {page(`{% include "reads.html" %}`), "session", "uN"},
	"an include by name":         {page(`{% include reads %}`), "session", "uN"},
	"a macro of the body":        {page(`{% macro m() %}{{ session.user }}{% endmacro %}{{ m() }}`), "session", "uN"},
	"a Go function":              {page(`{{ path() }}`), "request", "pN"},
	"a Go function, included":    {page(`{% include "path.html" %}`), "request", "pN"},
	"a macro before the body":    {map[string]string{"page.html": `{% macro m() %}{{ session.user }}{% endmacro %}{% cache 60 "a" %}{{ m() }}{% endcache %}`}, "session", "uN"},
	"an imported macro":          {map[string]string{"page.html": `{% import "lib.html" m %}{% cache 60 "a" %}{{ m() }}{% endcache %}`}, "session", "uN"},
	"a block of a layout":        {map[string]string{"page.html": `{% extends "layout.html" %}{% block b %}{% cache 60 "a" %}{{ block.Super }}{% endcache %}{% endblock %}`}, "session", "uN"},
	"an included block":          {map[string]string{"page.html": `{% include "cached.html" %}`}, "session", "uN"},
	"a variable of the name":     {map[string]string{"page.html": `{% with session=who %}{% cache 60 "a" %}{{ session }}{% endcache %}{% endwith %}`}, "session", "uN"},
	"a macro beside a variable":  {map[string]string{"page.html": `{% with session=who %}{% macro m() %}{{ session }}{% endmacro %}{% cache 60 "a" %}{{ m() }}{% endcache %}{{ m() }}{% endwith %}`}, "session", "uNuN"},
	"a macro behind set":         {map[string]string{"page.html": `{% set session=who %}{% macro m() %}{{ session }}{% endmacro %}{% cacheeach i in "1" 60 "a" i %}{{ m() }}{% endcacheeach %}`}, "session", "uN"},
	"a block inside":             {page(`{% cache 60 "b" %}{{ session.user }}{% endcache %}`), "session", "uN"},
	"a block inside, uncached":   {page(`{% cache 60 "b" if=0 %}{{ session.user }}{% endcache %}`), "session", "uN"},
	"the VARY of a block inside": {page(`{% cache 60 "b" session.user %}{{ who }}{% endcache %}`), "session", "uN"},
}

func page(body string) map[string]string {
	return map[string]string{"page.html": `{% cache 60 "a" %}` + body + `{% endcache %}`}
}

var privateFiles = map[string]string{
	"reads.html": `{{ session.user }}`, "part.html": `{{ x }}`, "path.html": `{{ path() }}`,
	"lib.html":    `{% macro m() export %}{{ session.user }}{% endmacro %}`,
	"layout.html": `{% block b %}{{ session.user }}{% endblock %}`,
	"cached.html": `{% cache 60 "a" %}{{ session.user }}{% endcache %}`,
}

// What one visitor's page holds of a private key is never another's, and an Event
// says why the body is not stored.
func TestPrivateKeysAreNotStored(t *testing.T) {
	for name, c := range privateReads {
		t.Run(name, func(t *testing.T) {
			for file, source := range privateFiles {
				c.files[file] = source
			}
			s := newSite(t, c.files)
			for n := 1; n <= 2; n++ {
				s.want("page.html", visitor(n), strings.ReplaceAll(c.want, "N", fmt.Sprint(n)))
				reason := "skip a (the private context key " + c.key + " was read in the block in line 1 of "
				if got := s.trace.take(); !strings.Contains(got, reason) || strings.Contains(got, "store a") {
					t.Errorf("visitor %d: got %q, want the block not stored, as in %q", n, got, reason)
				}
			}
		})
	}
}

// Visitors who come while the body is being rendered for another get their own.
func TestPrivateKeysAreNotSharedWithWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{{ slow() }}{{ session.user }}{{ slow() }}{% endcache %}`})
		tpl := pongo2.Must(s.set.FromCache("page.html"))
		together(20, func(n int) {
			data := visitor(n)
			data["slow"] = func() string { time.Sleep(time.Second); return "" }
			if got, err := tpl.Execute(data); err != nil || got != fmt.Sprint("u", n) {
				t.Errorf("visitor %d: got %q, %v", n, got, err)
			}
		})
	})
}

// Outside of a cached body, and for a block that reads no private key, nothing
// changes.
func TestPrivateKeysElsewhere(t *testing.T) {
	for _, source := range []string{
		`{{ session.user }}{% cache 60 "a" %}shared{% endcache %}{{ csrf }}{{ path() }}`,
		`{% cache 60 "a" session.user csrf %}shared{% endcache %}`,
		`{% with u=session.user %}{% cache 60 "a" u %}{{ u }}{% endcache %}{% endwith %}`,
		`{% cache 60 "a" %}{% if 0 %}{{ session }}{% endif %}{% comment %}{{ session }}{% endcomment %}{% endcache %}`,
		`{% cache 60 "a" %}{{ m.session }}{{ "session" }}{% include "part.html" %}{% endcache %}`,
		`{% cache 60 "a" %}{{ path }}{{ shared }}{% endcache %}{{ session.user }}`,
	} {
		s := newSite(t, map[string]string{"page.html": source, "part.html": "part"})
		data := visitor(1)
		if strings.Contains(source, "{{ path }}") {
			data["path"] = "no function"
		}
		if _, err := s.render("page.html", data); err != nil {
			t.Fatal(err)
		}
		if got := s.trace.take(); !strings.Contains(got, "store a") {
			t.Errorf("%s: got %q, want the block stored", source, got)
		}
	}
}

// The context is as it was behind a body that read, or failed.
func TestPrivateKeysAreBackBehindTheBody(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{{ raw() }}{% cache 60 "a" %}{{ session.user }}{{ raw() }}{% endcache %}{{ raw() }}`})
	var seen []string
	data := visitor(1)
	data["raw"] = func(ec *pongo2.ExecutionContext) string {
		seen = append(seen, fmt.Sprintf("%T", ec.Public["session"]))
		return ""
	}
	s.want("page.html", data, "u1")
	if len(seen) != 3 || seen[0] != "map[string]interface {}" || seen[2] != seen[0] || seen[1] == seen[0] {
		t.Errorf("got %q, want a map outside of the body and something else inside", seen)
	}
}

// Values keep their type and whether they are safe; nil and a nil function
// too.
func TestPrivateValuesReadAsTheyAre(t *testing.T) {
	source := `{% cache 60 "a" %}{{ csrf }}|{% if csrf == nil %}nil{% endif %}|{{ csrf|length }}{% endcache %}`
	plain := strings.ReplaceAll(strings.ReplaceAll(source, `{% cache 60 "a" %}`, ""), "{% endcache %}", "")
	for _, v := range []any{"<b>", pongo2.AsSafeValue("<b>"), pongo2.AsValue("<b>"), nil, 42, []int{1, 2}, (*request)(nil),
		func() *pongo2.Value { return pongo2.AsSafeValue("<b>") }, func() (string, error) { return "<b>", nil },
		func(*pongo2.ExecutionContext) string { return "<b>" }, func(more ...string) string { return fmt.Sprint("<b>", len(more)) },
		pongo2.AsValue(func() string { return "<b>" })} {
		s := newSite(t, map[string]string{"page.html": source, "plain.html": plain})
		want, err := s.render("plain.html", pongo2.Context{"csrf": v})
		if err != nil {
			t.Fatal(err)
		}
		s.want("page.html", pongo2.Context{"csrf": v}, want)
	}
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{{ csrf("a", "b") }}{% endcache %}`})
	s.want("page.html", pongo2.Context{"csrf": func(more ...string) string { return strings.Join(more, "+") }}, "a+b")
}

func TestLookupOutside(t *testing.T) {
	if v, ok := tags.Lookup(nil, "a"); v != nil || ok {
		t.Errorf("Lookup(nil): got %v, %v, want nothing", v, ok)
	}
	ec := &pongo2.ExecutionContext{Public: pongo2.Context{"a": 1, "b": pongo2.AsValue(2)}, Private: pongo2.Context{"a": 3}}
	for name, want := range map[string]any{"a": 3, "b": 2, "c": nil} {
		if v, ok := tags.Lookup(ec, name); v != want || ok != (want != nil) {
			t.Errorf("Lookup(%s): got %v, %v, want %v", name, v, ok, want)
		}
	}
}

// Which keys are private is the user's to say.
func TestPrivateKeysCanBeChosen(t *testing.T) {
	for _, c := range []struct {
		names  []string
		stored string
	}{{[]string{"who"}, "store session"}, {nil, "store who, store session"}, {[]string{"who", "session"}, ""}} {
		set, traced := newSet(map[string]string{"page.html": `{% cache 60 "who" %}{{ who }}{% endcache %}{% cache 60 "session" %}{{ session.user }}{% endcache %}`}), new(trace)
		registry := new(fragment.Registry)
		cache, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: traced.observe})
		if err != nil {
			t.Fatal(err)
		}
		if err := registry.Use(fragment.DefaultName, cache); err != nil {
			t.Fatal(err)
		}
		binding, err := tags.NewBinding(set, registry)
		if err != nil {
			t.Fatal(err)
		}
		binding.PrivateKeys(c.names...)
		data := visitor(1)
		binding.Attach(context.Background(), data)
		if _, err := pongo2.Must(set.FromCache("page.html")).Execute(data); err != nil {
			t.Fatal(err)
		}
		var stored []string
		for _, word := range strings.Split(traced.take(), ", ") {
			if strings.HasPrefix(word, "store ") {
				stored = append(stored, word)
			}
		}
		if got := strings.Join(stored, ", "); got != c.stored {
			t.Errorf("private %q: got %q, want %q", c.names, got, c.stored)
		}
	}
}
