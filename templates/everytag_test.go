package templates_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// everyTag is a page with every template tag of pongo2 and of ours, but for ssi,
// which is switched off. pongo2 keeps the state of cycle and ifchanged in the
// template: they are rendered by one goroutine.
var everyTag = map[string]string{
	"page.html": `{% extends "layout.html" %}{% block main %}{% import "lib.html" row as line %}{# a comment #}{% comment %}{% frob %}{% endcomment %}` +
		`{% set who = visitor.Name %}[{{ who }}]{% autoescape off %}<% cache 60 "raw" visitor.ID tags="raw" %>{{ visitor.Name }}<% endcache %>{% endautoescape %}` +
		`<% cache 60 "list" stale=5m jitter=0.1 early=1 version=2 %>{% for x in list %}{% if x == "a" %}A{% elif x == "b" %}B{% else %}-{% endif %}` +
		`<% cache 60 "row" x digest=false %>{{ line(x) }}<% cachetags "rows" x %><% endcache %>{% empty %}none{% endfor %}<% endcache %>` +
		`{% if yes %}<% uncache "gone" visitor.ID %>{% endif %}<% cache 60 "gone" visitor.ID %>gone<% endcache %>` +
		`<% cache 60 "private" %>{{ request.Path }}<% endcache %><% cache 60 "error" visitor.ID %><% nostore "an error is shown" %>e<% endcache %>` +
		`<% cache "del" "list" if=alone %><% endcache %><% cache 60 refresh=alone using="other" unless=no %>{% include "part.html" %}<% endcache %>` +
		`{% filter upper %}{% firstof nothing "first" %}{% endfilter %}{% ifequal 1 1 %}={% endifequal %}{% ifnotequal 1 2 %}!{% endifnotequal %}` +
		`{% lorem 1 w %}{% now "2006" fake %}{% spaceless %}<i> </i> <i></i>{% endspaceless %}{% templatetag openblock %}{% verbatim %}<% cache %>{% endverbatim %}` +
		`{% widthratio 5 10 100 %}{% with n=1 %}{{ n }}{% endwith %}{% include "with.html" with n=who _c=_c only %}{% include "none.html" if_exists %}` +
		`{% if alone %}{% for x in list %}{% cycle "odd" "even" %}{% ifchanged x %}{{ x }}{% else %}-{% endifchanged %}{% endfor %}{% endif %}{{ block.Super }}{% endblock %}`,
	"layout.html": `{% macro foot(x) %}<% cache 60 "foot" x %>foot {{ x }}<% endcache %>{% endmacro %}<html>{% block main %}super{% endblock %}{{ foot(visitor.ID) }}</html>`,
	"lib.html":    `{% macro row(x) export %}<{{ x }}>{% endmacro %}`,
	"part.html":   `part 0`,
	"with.html":   `<%- cache 60 "with" n -%> {{ n }} <%- endcache -%>`,
}

var everyTagWants = []string{
	"<html>[NAME]NAMEA<a>B<b>gone/NAME", "epart ", "FIRST=!Lorem2014<i></i><i></i>{%<% cache %>511NAME", "superfoot ID</html>",
}

// A page with all of it is right for each visitor while others render it, entries are
// freed and its templates change.
func TestAPageWithEveryTagWhileTemplatesChange(t *testing.T) {
	f := folder{t, t.TempDir()}
	for name, source := range everyTag {
		f.write(name, source)
	}
	registry := newRegistry(t)
	if err := registry.Use("other", newRegistry(t).Cache(fragment.DefaultName)); err != nil {
		t.Fatal(err)
	}
	set, err := templates.New(os.DirFS(f.path), registry, templates.Options{Reload: true})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for id := range 8 {
		wg.Go(func() {
			for range 25 {
				renderEveryTag(t, set, id)
			}
		})
	}
	for i := range 25 {
		f.write("part.html", fmt.Sprint("part ", i))
		f.write("layout.html", everyTag["layout.html"]+strings.Repeat(" ", i%3))
		if err := registry.InvalidateTags(context.Background(), "rows"); err != nil {
			t.Error(err)
		}
		if err := tags.Delete(context.Background(), registry.Cache("default"), "with", "v1"); err != nil {
			t.Error(err)
		}
		if _, err := set.Exists(context.Background(), templates.Block{Template: "with.html", Name: "with", Vary: []any{"v1"}}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if got := renderEveryTag(t, set, 0); !strings.Contains(got, "epart 24") {
		t.Errorf("got %q, want the last part", got)
	}
}

var states = regexp.MustCompile("(odd|even)a(odd|even)(b|-)")

func renderEveryTag(t *testing.T, set *templates.Set, id int) string {
	name := fmt.Sprint("v", id)
	data := pongo2.Context{
		"visitor": map[string]any{"ID": id, "Name": name}, "request": map[string]any{"Path": "/" + name},
		"list": []string{"a", "b"}, "yes": true, "no": false, "alone": id == 0,
	}
	got, err := render(set, "page.html", data)
	if err != nil {
		t.Error(err)
		return ""
	}
	for _, want := range everyTagWants {
		if want = strings.NewReplacer("NAME", name, "ID", fmt.Sprint(id)).Replace(want); !strings.Contains(got, want) {
			t.Errorf("visitor %d: got %q, want %q in it", id, got, want)
		}
	}
	if id == 0 && !states.MatchString(got) {
		t.Errorf("got %q, want what cycle and ifchanged give", got)
	}
	return got
}
