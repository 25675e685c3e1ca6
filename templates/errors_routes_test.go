package templates_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

// Ways in which page.html takes in the text that is wrong, which stands for "$" in
// one of the templates.
var routes = []route{
	{"itself", map[string]string{"page.html": `$`}},
	{"an include", map[string]string{"page.html": `{% include "a/part.html" %}`, "a/part.html": `$`}},
	{"an include in an include", map[string]string{"page.html": "\r\n{% include \"a/b.html\" %}", "a/b.html": "\n {% include \"./part.html\" %}", "a/part.html": `$`}},
	{"a computed include", map[string]string{"page.html": "é {% include name %}", "a/part.html": `$`}},
	{"a layout", map[string]string{"page.html": `{% extends "layout.html" %}`, "layout.html": `$`}},
	{"a block", map[string]string{"page.html": `{% extends "layout.html" %}{% block x %}$`, "layout.html": `{% block x %}{% endblock %}`}},
	{"a block in between", map[string]string{"page.html": `{% extends "a/mid.html" %}`, "a/mid.html": `{% extends "../layout.html" %}{% block x %}$`, "layout.html": `{% block x %}{% endblock %}`}},
	{"an include in a block of a layout", map[string]string{"page.html": `{% extends "layout.html" %}{% block x %}{% include "a/part.html" %}{% endblock %}`, "layout.html": "\t{% block x %}{% endblock %}", "a/part.html": `$`}},
	{"a cached block", map[string]string{"page.html": `<% cache 60 "page" %>{% include "a/part.html" %}<% endcache %>`, "a/part.html": `$`}},
	{"a macro", map[string]string{"page.html": "{% macro m() %}$"}},
	{"an imported macro", map[string]string{"page.html": `{% import "a/lib.html" m %}{{ m() }}`, "a/lib.html": "\n{% macro m() export %}$"}},
}

// What stands behind a text that is wrong, and calls it.
func (r route) ending() string {
	switch r.name {
	case "a block", "a block in between":
		return "{% endblock %}"
	case "a macro":
		return "{% endmacro %}{{ m() }}"
	case "an imported macro":
		return "{% endmacro %}"
	}
	return ""
}

type route struct {
	name  string
	files map[string]string
}

// What may stand before it.
var prefixes = []string{"", "a\r\n\r\n  b", "\t{{ n }}\t", "é日本 \r\n é\t日本", "{# é #}\n{% if no %}\r\n\t{% endif %}"}

// What is wrong: the place is that of "@".
var faults = []struct{ text, want string }{
	{"{% @frob %}", "Tag 'frob' not found"},
	{"{{ x|@frob }}", "Filter 'frob' does not exist"},
	{`{% cache 60 "a" @tag="x" %}{% endcache %}`, "unknown option tag=: write tags="},
	{"<% cache @0 %>x<% endcache %>", "a TTL of 0 is not above zero"},
	{"<% @cache 60 %>x", "this block is not closed"},
	{"{{ @fail() }}", "no such luck"},
	{"é{{ n }}{{ name|@date:1 }}", "filter input argument"},
	{`<% cache 60 "a" "é" @nobody %>x<% endcache %>`, "nobody is not in the context"},
	{`<% cache 60 "a" using=@name %>x<% endcache %>`, `there is no cache "a/part.html"`},
	{`<% cache 60 "a" %>é{{ @fail() }}<% endcache %>`, "no such luck"},
	{`<% @cachetags n %>`, "n"},
}

func TestErrorsTellThePlaceThroughEverything(t *testing.T) {
	for _, r := range routes {
		for _, prefix := range prefixes {
			for _, f := range faults {
				wrongAt(t, r, prefix, f.text, f.want)
			}
		}
	}
}

func wrongAt(t *testing.T, r route, prefix, fault, want string) {
	t.Helper()
	files, path, source := make(map[string]string), "", ""
	for name, text := range r.files {
		if files[name] = text; strings.Contains(text, "$") {
			path, source = name, strings.Replace(text, "$", prefix+fault, 1)
		}
	}
	at := strings.Index(source, "@")
	files[path] = strings.Replace(source, "@", "", 1) + r.ending()
	line, column := strings.Count(source[:at], "\n")+1, at-strings.LastIndexByte(source[:at], '\n')
	if strings.HasPrefix(fault, "<% @cachetags") { // the place of an operand
		column += len("cachetags ")
	}
	set := newSet(t, inMemory(files), templates.Options{})
	_, err := render(set, "page.html", map[string]any{"n": 1, "no": false, "name": "a/part.html", "fail": func() (string, error) { return "", errors.New("no such luck") }})
	place := fmt.Sprintf("%s:%d:%d: ", path, line, column)
	var e *templates.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), place) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s, %q behind %q: got %v, want %q at %s", r.name, fault, prefix, err, want, place)
		return
	}
	if strings.Contains(r.name, "macro") && e.Path+fmt.Sprintf(":%d:%d: ", e.Line, e.Column) != place {
		return // the place of the call, and that of the macro in the message
	}
	text := bytes.Split([]byte(files[path]), []byte("\n"))[line-1]
	if got := string(bytes.TrimRight(text, "\r")); e.Source != got || !strings.HasPrefix(got[column-1:], e.Near) || e.Near == "" {
		t.Errorf("%s, %q behind %q: got near %q of %q, want the text of %q", r.name, fault, prefix, e.Near, e.Source, got)
	}
}

// The place in a macro is in the message, the one of its call before it; block.Super
// is a call as well.
func TestErrorsOfCallsTellBothPlaces(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html":   "{% extends \"layout.html\" %}{% block x %}\r\n\té{{ block.Super }}{% endblock %}",
		"layout.html": "{% block x %}\r\n é {{ fail() }}{% endblock %}",
	}), templates.Options{})
	_, err := render(set, "page.html", map[string]any{"fail": func() (string, error) { return "", errors.New("no such luck") }})
	wantError(t, err, `layout.html:2:8: `)
	wantError(t, err, `no such luck`)
}
