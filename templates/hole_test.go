package templates_test

import (
	"context"
	"io"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/pongocache/pongocache/templates"
)

// A hole that could not be found again on a hit is an error with its place, also for
// Check.
func TestCheckTellsOfHolesThatAreRefused(t *testing.T) {
	files := inMemory(map[string]string{
		"a.html": "<ul>\n  <% cache 60 \"a\" %>{% for u in users %}<% nocache %>{{ u }}<% endnocache %>{% endfor %}<% endcache %>",
		"b.html": `{% include "a.html" %}`,
		"c.html": "<% hole %>",
	})
	err := templates.Check(files, templates.Options{})
	wantError(t, err, `a.html:2:57: near "u }}<% endnocache %>`)
	wantError(t, err, `{% nocache %} uses u, which {% for %} in line 2 defines in the cached body`)
	wantError(t, err, `c.html:1:4: near "hole %>": the name of the hole is missing`)
}

// The outline of a block is around its holes, too.
func TestOutlineOfABlockWithHoles(t *testing.T) {
	set := outlineSet(t, map[string]string{
		"page.html": `<html><body><p><% cache 60 "a" %>x<% nocache %><% cache 60 "b" %>{{ n }}<% endcache %>{{ n }}<% endnocache %><% endcache %></p></body></html>`,
	})
	for n, want := range []string{
		`<html><body><p><!--ID 0 miss a-->x<!--ID 1 miss b-->0<!--/ID 1-->0<!--/ID 0--></p>SCRIPT</body></html>`,
		`<html><body><p><!--ID 0 hit a-->x<!--ID 1 hit b-->0<!--/ID 1-->1<!--/ID 0--></p>SCRIPT</body></html>`,
	} {
		got, _ := shown(t, set, "page.html", map[string]any{"n": n})
		if got = regexp.MustCompile(`, [^>]*-->`).ReplaceAllString(got, "-->"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// An edited hole is another block.
func TestEditedHoleIsSeen(t *testing.T) {
	registry := newRegistry(t)
	if err := registry.Hole("show", func(_ context.Context, w io.Writer, _ []any) error { _, err := io.WriteString(w, "!"); return err }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ source, want string }{
		{`<% cache 60 "a" %>{{ n }}<% nocache %>a{{ n }}<% endnocache %><% endcache %>`, "1a1"},
		{`<% cache 60 "a" %>{{ n }}<% nocache %>b{{ n }}<% endnocache %><% endcache %>`, "2b2"},
		{`<% cache 60 "a" %>{{ n }}<% hole "show" n %><% endcache %>`, "3!"},
	} {
		set, err := templates.New(fstest.MapFS{"page.html": {Data: []byte(c.source)}}, registry, templates.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantRender(t, set, "page.html", map[string]any{"n": c.want[:1]}, c.want)
	}
}

// What is stored of a block has nothing in its holes.
func TestGetIsWithoutTheHoles(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html": `<% cache 60 "a" %>x<% nocache %>{{ n }}<% endnocache %>y<% endcache %><% cache 60 "b" %>z<% endcache %>`,
	}), templates.Options{})
	wantRender(t, set, "page.html", map[string]any{"n": 1}, "x1yz")
	for name, want := range map[string]string{"a": "xy", "b": "z"} {
		value, ok, err := set.Get(t.Context(), templates.Block{Template: "page.html", Name: name})
		if string(value) != want || !ok || err != nil {
			t.Errorf("%s: got %q, %v, %v, want %q", name, value, ok, err, want)
		}
	}
}

// A {% nocache %} that a cached body takes in from elsewhere is refused before anything
// is rendered.
func TestIncludedNocacheIsRefusedWhenItIsParsed(t *testing.T) {
	parts := map[string]string{
		"part.html": `{% nocache %}{{ n }}{% endnocache %}`, "outer.html": `{% include "part.html" %}`, "child.html": `{% extends "layout.html" %}`,
		"layout.html": `{% block a %}{% include "part.html" %}{% endblock %}`, "plain.html": `{% comment %}{% nocache %}{% endcomment %}x`,
		"own.html": `{% extends "base.html" %}{% block a %}own{% endblock %}`, "base.html": `{% block a %}{% block c %}{% nocache %}{{ n }}{% endnocache %}{% endblock %}{% endblock %}{% block b %}{% endblock %}`,
		"other.html": `{% extends "base.html" %}{% block b %}own{% endblock %}`, "macros.html": `{% macro m() export %}{% nocache %}{{ n }}{% endnocache %}{% endmacro %}x`,
		"after.html": `{% macro m() %}{% endmacro %}{% block a %}{% endblock %}{% nocache %}{{ n }}{% endnocache %}`,
	}
	for source, at := range map[string]string{
		"x\n<% cache 60 \"a\" %>{% include \"part.html\" %}<% endcache %>":                                                        `page.html:2:22: near "include \"part.html\" %}`,
		`{% cacheeach i in l 60 "a" i %}{% for x in l %}{% empty %}{% include "outer.html" %}{% endfor %}{% endcacheeach %}`:      `"outer.html" has a {% nocache %}, which could not be found again on a hit`,
		`{% cache 60 "a" %}{% nocache %}{% cache 60 "b" %}{% include "child.html" %}{% endcache %}{% endnocache %}{% endcache %}`: `"child.html" has a {% nocache %}`,
		`{% cache 60 "a" %}{% include "other.html" %}{% endcache %}`:                                                              `"other.html" has a {% nocache %}`,
		`{% cache 60 "a" %}{% include "after.html" %}{% endcache %}`:                                                              `"after.html" has a {% nocache %}`,

		`{% cache 60 "a" %}{% include "own.html" %}{% include "macros.html" %}{% endcache %}`:                                                            "",
		`{% cache 60 "a" %}{% nocache %}{% include "part.html" %}{% endnocache %}{% endcache %}{% include "part.html" %}`:                                "",
		`{% cacheeach i in l 60 "a" i %}{% empty %}{% include "part.html" %}{% endcacheeach %}`:                                                          "",
		`{% cache 60 "a" %}{% include "plain.html" %}{% comment %}{% include "part.html" %}{% endcomment %}{% include "none" if_exists %}{% endcache %}`: "",
	} {
		files := inMemory(parts)
		files["page.html"] = inMemory(map[string]string{"": source})[""]
		err := templates.Check(files, templates.Options{})
		if at != "" {
			wantError(t, err, at)
		} else if err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}
