package templates_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

// Each error is of page.html; place and what stands there come from the template
// that is wrong.
func TestErrorsTellThePlace(t *testing.T) {
	for _, c := range []struct {
		label string
		files map[string]string
		at    string // path:line:column
		near  string
		want  string
	}{
		{"parsing", map[string]string{"page.html": "a\n\t{% if %}"}, "page.html:2:5", "if %}", "Unexpected EOF"},
		{"lexing", map[string]string{"page.html": "a\n {{ 'x\n }}"}, "page.html:2:5", "'x", "Newline in string"},
		{"an unknown filter", map[string]string{"page.html": "\r\n\r\n{{ x|frob }}\r\n"}, "page.html:3:6", "frob }}", "Filter 'frob' does not exist"},
		{"parsing an included template", map[string]string{"page.html": `{% include "b/part.html" %}`, "b/part.html": "\n\n{% frob %}"}, "b/part.html:3:4", "frob %}", "Tag 'frob' not found"},
		{"parsing a layout", map[string]string{"page.html": `{% extends "layout.html" %}`, "layout.html": "\n{% frob %}"}, "layout.html:2:4", "frob %}", "Tag 'frob' not found"},
		{"parsing an import", map[string]string{"page.html": `{% import "lib.html" m %}`, "lib.html": "\n{% frob %}"}, "lib.html:2:4", "frob %}", "Tag 'frob' not found"},
		{"a missing macro", map[string]string{"page.html": "\n{% import \"lib.html\" m %}", "lib.html": ""}, "page.html:2:22", "m %}", "Macro 'm' not found"},
		{"rendering", map[string]string{"page.html": "\n {{ fail() }}"}, "page.html:2:5", "fail() }}", "no such luck"},
		{"rendering an included template", map[string]string{"page.html": `{% include "part.html" %}`, "part.html": "\n {{ fail() }}"}, "part.html:2:5", "fail() }}", "no such luck"},
		{"rendering a computed include", map[string]string{"page.html": `{% include name %}`, "part.html": "\n {{ fail() }}"}, "part.html:2:5", "fail() }}", "no such luck"},
		{"parsing a computed include", map[string]string{"page.html": `{% include name %}`, "part.html": "\n {% frob %}"}, "part.html:2:5", "frob %}", "Tag 'frob' not found"},
		{"rendering a layout", map[string]string{"page.html": `{% extends "layout.html" %}`, "layout.html": "\n {{ fail() }}"}, "layout.html:2:5", "fail() }}", "no such luck"},
		{"rendering a block", map[string]string{"page.html": "{% extends \"layout.html\" %}\n{% block x %}{{ fail() }}{% endblock %}", "layout.html": "{% block x %}{% endblock %}"}, "page.html:2:17", "fail() }}{% endblock %}", "no such luck"},
		{"rendering a parent's block", map[string]string{"page.html": "{% extends \"layout.html\" %}{% block x %}\n{{ block.Super }}{% endblock %}", "layout.html": "{% block x %}{{ fail() }}{% endblock %}"}, "", "", "no such luck"},
		{"a macro", map[string]string{"page.html": "{% import \"lib.html\" m %}\n{{ m() }}", "lib.html": "{% macro m() export %}\n{{ fail() }}{% endmacro %}"}, "page.html:2:4", "m() }}", `lib.html:2:4: no such luck`},
		{"a filter", map[string]string{"page.html": "\n{{ name|date:\"x\" }}"}, "page.html:2:9", `date:"x" }}`, "filter input argument must be of type 'time.Time'"},
		{"a cached block", map[string]string{"page.html": "\n<% cache 60 %>\n{{ fail() }}<% endcache %>"}, "page.html:3:4", "fail() }}<% endcache %>", "no such luck"},
		{"a VARY", map[string]string{"page.html": "\n<% cache 60 \"a\" nobody %><% endcache %>"}, "page.html:2:17", "nobody %><% endcache %>", "nobody is not in the context"},
		{"a long line", map[string]string{"page.html": "{{ fail() }}" + strings.Repeat("é", 50)}, "page.html:1:4", "fail() }}" + strings.Repeat("é", 15), "no such luck"},
	} {
		set := newSet(t, inMemory(c.files), templates.Options{})
		_, err := render(set, "page.html", map[string]any{"name": "part.html", "fail": func() (string, error) { return "", errors.New("no such luck") }})
		var e *templates.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", c.label, err)
			continue
		}
		at := fmt.Sprintf("%s:%d:%d", e.Path, e.Line, e.Column)
		if c.at != "" && (at != c.at || e.Near != c.near) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: got %q at %s near %q, want %q at %s near %q", c.label, err, at, e.Near, c.want, c.at, c.near)
		}
		if e.Template != "page.html" || !strings.Contains(e.Source, e.Near) || strings.Contains(err.Error(), "[Error") {
			t.Errorf("%s: got %#v of %q", c.label, e, e.Template)
		}
	}
}

func TestErrorsDoNotTellValues(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "x"}), templates.Options{})
	_, err := render(set, "page.html", map[string]any{"e-mail": "ada@example.org"})
	wantError(t, err, `context-key 'e-mail' is no name of a variable: want letters, digits and _`)
	if strings.Contains(err.Error(), "ada") {
		t.Errorf("got %v, which tells the value", err)
	}
}
