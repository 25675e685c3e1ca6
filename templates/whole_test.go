package templates_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

// twins are templates in the one spelling, of which the other is made; each is
// rendered twice with n, which only the first rendering shows.
var twins = []string{
	`{{ n }}<% cache 60 "a" %>{{ n }}<% endcache %>`,
	`<% cache 60 %>{{ n }}<% cache 5 "b" n %>x<% endcache %><% endcache %>`,
	`<%- cache "1h" 'a' x|upper, "%>" tags="t u" -%> {{ n }} <%- endcache -%>`,
	`{% for x in list %}<% cache 60 "row" x %>{{ x }}{{ n }}<% endcache %>{% endfor %}`,
	`{# <% cache 60 %> #}{% verbatim %}<% cache 60 %>{% endverbatim %}<% cache 60 %>{{ n }}<% endcache %>`,
	`{% macro m(x) %}<% cache 60 "m" x %>{{ x }}{% endmacro %}`,
	`{% if n %}<% cache 60 if=n unless=x %>{{ n }}<% endcache %>{% endif %}<% other %>`,
	`<% cache 60 "a" digest=false %>{% include "part.html" %}<% endcache %>`,
	`{% extends "layout.html" %}{% block x %}<% cache 60 "a" %>{{ block.Super }}{{ n }}<% endcache %>{% endblock %}`,
	`{{ "<% cache 60 %>" }}{% set y = "<% endcache %>" %}{{ y }}`,
	`<% cache 0 %><% endcache %>`, `<% cache "a" 5 %><% endcache %>`, `<% endcache %>`, `<% cache 60 %>`, "{% comment %}{% endcomment x %}",
	"{% comment %}{% endcomment x %Z", `{% include "page.html" if_exists %}{% include "./page.html" if_exists %}`, `{% comment %}{% include "page.html" %}{% endcomment %}{{ n }}`,
}

// wholeSet returns a set of page.html and of what it may take in.
func wholeSet(t testing.TB, source string) *templates.Set {
	return newSet(t, inMemory(map[string]string{
		"page.html": source, "part.html": `<% cache 60 "p" %>part {{ n }}<% endcache %>`, "layout.html": `({% block x %}super{% endblock %})`,
	}), templates.Options{})
}

func wholeData(n int) map[string]any {
	return map[string]any{"n": n, "x": "x", "list": []string{"a", "b"}}
}

func TestBothSpellingsMeanTheSame(t *testing.T) {
	for _, source := range twins {
		angle, brace := wholeSet(t, source), wholeSet(t, templates.RewriteString(source))
		for n := range 2 {
			got, err := render(angle, "page.html", wholeData(n))
			want, wantErr := render(brace, "page.html", wholeData(n))
			if got != want || (err == nil) != (wantErr == nil) {
				t.Errorf("%s: got %q, %v, want %q, %v as with {%% %%}", source, got, err, want, wantErr)
			}
			if err != nil && place(err) != place(wantErr) {
				t.Errorf("%s: got an error at %s, want it at %s", source, place(err), place(wantErr))
			}
		}
	}
}

func place(err error) string {
	var e *templates.Error
	if !errors.As(err, &e) {
		return "nowhere"
	}
	text := err.Error()
	if i := strings.Index(text, ": near "); i > 0 {
		return text[:i]
	}
	return text
}

// Whatever a template is, it is parsed or refused at a place in it, from a file
// and from a string alike, and other templates are rendered after it. It is not
// rendered here: pongo2 panics on some expressions.
func FuzzWholeTemplate(f *testing.F) {
	for _, source := range twins {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		set := wholeSet(t, source)
		err := set.Check()
		tpl, stringErr := set.FromString(source)
		if (err == nil) != (stringErr == nil) {
			t.Fatalf("%q: from a file %v, from a string %v", source, err, stringErr)
		}
		wantRender(t, set, "part.html", wholeData(1), "part 1")
		if err != nil {
			wantPlaced(t, source, err)
			return
		}
		if tpl == nil {
			t.Fatalf("%q: got no template and no error", source)
		}
	})
}

func wantPlaced(t *testing.T, source string, err error) {
	t.Helper()
	var e *templates.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: got %v, want an *Error", source, err)
	}
	if lines := strings.Count(source, "\n") + 1; e.Path == "page.html" && e.Line > lines {
		t.Fatalf("%q: got an error in line %d of %d: %v", source, e.Line, lines, err)
	}
}
