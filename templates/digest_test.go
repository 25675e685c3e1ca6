package templates_test

import (
	"bytes"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

// deploy returns a new set of sources on caches that are there already.
func deploy(t *testing.T, registry *fragment.Registry, sources map[string]string) *templates.Set {
	t.Helper()
	set, err := templates.New(inMemory(sources), registry, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// site is what the tests of digests deploy first. Its block prints n, which tells
// one rendering from another.
var site = map[string]string{
	"page.html":   `{% extends "layout.html" %}{% block main %}head {% import "lib.html" m %}{% cache 60 "a" %}{{ n }}:{{ m() }}{% include "sub/part.html" %}{% endcache %}{% endblock %}`,
	"layout.html": `{% set tone = "t1" %}<html>{% block main %}{% endblock %}`,
	"lib.html":    `{% macro m() export %}m1{% include "icon.html" %}{% endmacro %}`,
	"icon.html":   `i1`,
	"sub/part.html": `p1{% include "./deep.html" %}{% include "/none.html" if_exists %}{% extends "base.html" %}` +
		`{% block b %}b1{{ block.Super }}{% endblock %}`,
	"sub/deep.html": `d1`,
	"base.html":     `{% block b %}s1{% endblock %}`,
}

func TestADeploymentNeverServesAnOldBlock(t *testing.T) {
	for _, c := range []struct{ label, file, old, new string }{
		{"the body", "page.html", `{{ n }}:`, `{{ n }}!`},
		{"an included template", "sub/part.html", `b1`, `b2`},
		{"one that is included further on", "sub/deep.html", `d1`, `d2`},
		{"what an included template extends", "base.html", `s1`, `s2`},
		{"an imported macro", "lib.html", `m1`, `m2`},
		{"what an imported macro includes", "icon.html", `i1`, `i2`},
		{"another import", "page.html", `m %}`, `m as m %}`},
		{"a variable set in the layout", "layout.html", `t1`, `t2`},
	} {
		registry := newRegistry(t)
		before, err := render(deploy(t, registry, site), "page.html", map[string]any{"n": 1})
		if err != nil {
			t.Fatal(err)
		}
		edited := maps.Clone(site)
		if edited[c.file] = strings.Replace(site[c.file], c.old, c.new, 1); edited[c.file] == site[c.file] {
			t.Fatalf("%s: nothing was edited", c.label)
		}
		after, err := render(deploy(t, registry, edited), "page.html", map[string]any{"n": 2})
		if err != nil || !strings.Contains(after, "2") {
			t.Errorf("%s: got %q, %v after %q, want what a new rendering gives", c.label, after, err, before)
		}
	}
}

func TestADeploymentKeepsBlocksThatItDoesNotTouch(t *testing.T) {
	for _, c := range []struct{ label, file, old, new string }{
		{"nothing", "page.html", ``, ``},
		{"the text around the block", "page.html", `head`, `HEAD`},
		{"the text of the layout", "layout.html", `<html>`, `<html lang="en">`},
		{"another block", "page.html", `head`, `{% cache 5 "b" %}{% endcache %}`},
	} {
		registry := newRegistry(t)
		if _, err := render(deploy(t, registry, site), "page.html", map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
		edited := maps.Clone(site)
		edited[c.file] = strings.Replace(site[c.file], c.old, c.new, 1)
		after, err := render(deploy(t, registry, edited), "page.html", map[string]any{"n": 2})
		if err != nil || !strings.Contains(after, "1:") {
			t.Errorf("%s: got %q, %v, want the block that was stored", c.label, after, err)
		}
	}
}

func TestDigestsSeeWhatDefinesNamesOutsideOfTheBody(t *testing.T) {
	for _, c := range []struct{ label, old, new string }{
		{"a macro of the template", `{% macro m() %}A{% endmacro %}{% cache 60 "a" %}{{ m() }}{% endcache %}`, `{% macro m() %}B{% endmacro %}{% cache 60 "a" %}{{ m() }}{% endcache %}`},
		{"a variable", `{% set x = "A" %}{% cache 60 "a" %}{{ x }}{% endcache %}`, `{% set x = "B" %}{% cache 60 "a" %}{{ x }}{% endcache %}`},
		{"with", `{% with x="A" %}{% cache 60 "a" %}{{ x }}{% endcache %}{% endwith %}`, `{% with x="B" %}{% cache 60 "a" %}{{ x }}{% endcache %}{% endwith %}`},
		{"a loop", `{% for x in "A" %}{% cache 60 "a" %}{{ x }}{% endcache %}{% endfor %}`, `{% for x in "B" %}{% cache 60 "a" %}{{ x }}{% endcache %}{% endfor %}`},
		{"a trim mark", `{% cache 60 "a" %}A {% endcache %}`, `{% cache 60 "a" %}A {%- endcache %}`},
	} {
		registry := newRegistry(t)
		old, err := render(deploy(t, registry, map[string]string{"page.html": c.old}), "page.html", nil)
		if err != nil {
			t.Fatal(err)
		}
		now, err := render(deploy(t, registry, map[string]string{"page.html": c.new}), "page.html", nil)
		if err != nil || now == old {
			t.Errorf("%s: got %q, %v, want another text than before", c.label, now, err)
		}
	}
}

// A block without NAME has its path and its digest, a block with a NAME that.
func TestAnIncludedBlockHasOneKey(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"a.html": `{% set x = 1 %}{% include "sub/part.html" %}`, "b.html": `{% include "./sub/part.html" %}`,
		"sub/c.html":    `{% extends "../layout.html" %}{% block main %}{% include "./part.html" %}{% endblock %}`,
		"layout.html":   `{% block main %}{% endblock %}`,
		"sub/part.html": `{% cache 60 %}{{ n }}{% endcache %}{% cache 60 "named" %}{{ n }}{% endcache %}`,
	}), templates.Options{})
	for n, name := range []string{"a.html", "b.html", "sub/c.html", "sub/part.html"} {
		wantRender(t, set, name, map[string]any{"n": n}, "00")
	}
}

func TestDigestFalseKeepsTheEntry(t *testing.T) {
	registry := newRegistry(t)
	block := `{% cache 60 "a" digest=false %}{{ n }}{% endcache %}`
	wantRender(t, deploy(t, registry, map[string]string{"page.html": block}), "page.html", map[string]any{"n": 1}, "1")
	edited := strings.Replace(block, "{{ n }}", "new {{ n }}", 1)
	wantRender(t, deploy(t, registry, map[string]string{"page.html": edited}), "page.html", map[string]any{"n": 2}, "1")
}

// tags.Delete finds the entries of every text that a NAME has had.
func TestDeleteFreesABlockWhateverItsText(t *testing.T) {
	registry := newRegistry(t)
	old := deploy(t, registry, map[string]string{"page.html": `{% cache 60 "a" id %}{{ n }}{% endcache %}`})
	now := deploy(t, registry, map[string]string{"page.html": `{% cache 60 "a" id %}new {{ n }}{% endcache %}`})
	wantRender(t, old, "page.html", map[string]any{"n": 1, "id": 7}, "1")
	wantRender(t, old, "page.html", map[string]any{"n": 1, "id": 8}, "1")
	wantRender(t, now, "page.html", map[string]any{"n": 1, "id": 7}, "new 1")
	if err := tags.Delete(t.Context(), registry.Cache("default"), "a", 7); err != nil {
		t.Fatal(err)
	}
	wantRender(t, old, "page.html", map[string]any{"n": 2, "id": 7}, "2")
	wantRender(t, now, "page.html", map[string]any{"n": 2, "id": 7}, "new 2")
	wantRender(t, old, "page.html", map[string]any{"n": 2, "id": 8}, "1")
}

// Templates from strings all have one name.
func TestDigestsTellStringsApart(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"part.html": "part"}), templates.Options{})
	for i, source := range []string{`{% set x = "A" %}{% cache 60 "a" %}{{ x }}{% endcache %}`, `{% set x = "B" %}{% cache 60 "a" %}{{ x }}{% endcache %}`} {
		tpl, err := set.FromString(source)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		want := []string{"A", "B"}[i]
		if err := tpl.Render(t.Context(), &out, nil); err != nil || out.String() != want {
			t.Errorf("got %q, %v, want %q", out.String(), err, want)
		}
	}
}

func TestDynamicIncludesInBlocksAreToldOnce(t *testing.T) {
	var told bytes.Buffer
	set, err := templates.New(inMemory(map[string]string{
		"page.html":  "{% include name %}\n {% cache 60 \"a\" n %}{% include name %}{% include \"part.html\" %}{% endcache %}",
		"quiet.html": `{% cache 60 "q" digest=false %}{% include name %}{% endcache %}`,
		"part.html":  `{% include name %}`,
		"x.html":     `x`,
	}), newRegistry(t), templates.Options{Log: slog.New(slog.NewTextHandler(&told, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		wantRender(t, set, "page.html", map[string]any{"name": "x.html", "n": n}, "x\n xx")
		wantRender(t, set, "quiet.html", map[string]any{"name": "x.html"}, "x")
	}
	lines := strings.Split(strings.TrimSpace(told.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "template=page.html line=2 column=25") || !strings.Contains(lines[1], "template=part.html line=1 column=4") {
		t.Errorf("got %d lines %q, want one for page.html and one for part.html", len(lines), lines)
	}
}

// A page of text that was made of old parts must not pass for one of new parts,
// whenever its block is first rendered.
func TestAStringKeepsTheDigestOfItsParts(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("part.html", "old")
	files := inMemory(map[string]string{"part.html": "old"})
	registry := newRegistry(t)
	set, err := templates.New(files, registry, templates.Options{Reload: true})
	if err != nil {
		t.Fatal(err)
	}
	const source = `{% cache 60 "a" %}{% include "part.html" %}{% endcache %}`
	old, err := set.FromString(source)
	if err != nil {
		t.Fatal(err)
	}
	files["part.html"] = inMemory(map[string]string{"part.html": "new"})["part.html"]
	wantRender(t, set, "part.html", nil, "new")
	now, err := set.FromString(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tpl  *templates.Template
		want string
	}{{old, "old"}, {now, "new"}, {old, "old"}} {
		var out bytes.Buffer
		if err := c.tpl.Render(t.Context(), &out, nil); err != nil || out.String() != c.want {
			t.Errorf("got %q, %v, want %q", out.String(), err, c.want)
		}
	}
}

// A file that could not be parsed may be half of one: it is read again.
func TestABrokenTemplateIsReadAgain(t *testing.T) {
	files := inMemory(map[string]string{"page.html": `{% include "part.html" %}{% if`, "part.html": "{% if", "lazy.html": "{% include name %}", "fine.html": "fine"})
	set := newSet(t, files, templates.Options{})
	lazy := map[string]any{"name": "part.html"}
	for _, name := range []string{"page.html", "lazy.html"} {
		if _, err := render(set, name, lazy); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	wantRender(t, set, "fine.html", nil, "fine")
	files["part.html"].Data = []byte("part")
	files["page.html"].Data = []byte(`{% include "part.html" %}`)
	wantRender(t, set, "page.html", nil, "part")
	wantRender(t, set, "lazy.html", lazy, "part")
}

// Behind this pongo2 would wait for ever, with its lock held.
func TestATemplateThatCannotBeParsedToItsEndIsRefused(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": "a\n {% comment %}{% endcomment x %}", "other.html": "{%- comment -%} {%- endcomment -%}other"}), templates.Options{})
	_, err := render(set, "page.html", nil)
	wantError(t, err, "page.html:2:18: near \"endcomment x %}\": endcomment takes no arguments: write {% endcomment %}")
	wantRender(t, set, "other.html", nil, "other")
	for _, source := range []string{
		"{% comment %}{% endcomment x %Z", "{% comment %}{% endcomment", "{% comment %}{%- endcomment \té %}", "{% comment %}{{ {% endcomment x }}",
		`{% comment %}{% x {%endcomment "%}" %}`, "{% comment %}{% endcomment }}", "{% comment %}{% endcomment -%",
	} {
		set := newSet(t, inMemory(map[string]string{"page.html": source}), templates.Options{})
		_, err := render(set, "page.html", nil)
		wantError(t, err, "endcomment takes no arguments: write {% endcomment %}")
		_, err = set.FromString(source)
		wantError(t, err, "endcomment takes no arguments: write {% endcomment %}")
	}
	for _, source := range []string{`{% comment %}{% endcommentx %}{% x "{% endcomment x" %}{%-endcomment-%}`, `{% verbatim %}{% endcomment x %}{% endverbatim %}{# {% endcomment x #}`} {
		set := newSet(t, inMemory(map[string]string{"page.html": source}), templates.Options{})
		if _, err := render(set, "page.html", nil); err != nil {
			t.Errorf("%s: got %v, want no error", source, err)
		}
	}
}

// Templates that the set of pongo2 loads by itself have the same keys.
func TestDigestsOfTemplatesThatPongo2Loads(t *testing.T) {
	registry := newRegistry(t)
	for n, part := range []string{"old ", "old ", "new "} {
		set := deploy(t, registry, map[string]string{"page.html": `{% cache 60 "a" %}{% include "part.html" %}{{ n }}{% endcache %}`, "part.html": part})
		tpl, err := set.Pongo2().FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"old 0", "old 0", "new 2"}[n]
		if got, err := tpl.Execute(tags.WithContext(t.Context(), map[string]any{"n": n})); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		wantRender(t, set, "page.html", map[string]any{"n": "other"}, want)
	}
}

// A Delete while the block is rendered holds, and frees what contains the block.
func TestDeleteOfABlockWithADigestIsNotUndone(t *testing.T) {
	registry := newRegistry(t)
	set := deploy(t, registry, map[string]string{"page.html": `{% cache 60 "outer" %}{% cache 60 "inner" 1 %}{{ freed() }}{% endcache %}{% endcache %}`})
	n := 0
	freed := func() int {
		n++
		if n == 1 {
			if err := tags.Delete(t.Context(), registry.Cache("default"), "inner", 1); err != nil {
				t.Error(err)
			}
		}
		return n
	}
	for _, want := range []string{"1", "2", "2"} {
		wantRender(t, set, "page.html", map[string]any{"freed": freed}, want)
	}
}
