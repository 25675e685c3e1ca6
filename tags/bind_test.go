package tags_test

import (
	"context"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

const block = `{% cache 60 "a" %}{{ made }}{% endcache %}`

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one that contains %q", err, want)
	}
}

func TestBindRefuses(t *testing.T) {
	wantError(t, tags.Bind(nil, new(fragment.Registry)), "needs a template set")
	wantError(t, tags.Bind(newSet(nil), nil), "needs a registry of caches: give it a *fragment.Registry")

	set, registry := newSet(nil), new(fragment.Registry)
	for range 2 {
		if err := tags.Bind(set, registry); err != nil {
			t.Errorf("binding to the same registry again: %v", err)
		}
	}
	wantError(t, tags.Bind(set, new(fragment.Registry)), "the template set is bound already: give each registry a set of its own")
	_, err := tags.NewBinding(set, registry)
	wantError(t, err, "bound already")

	taken := newSet(nil)
	taken.Globals["_c"] = 5
	wantError(t, tags.Bind(taken, registry), "the name _c in the context is taken by a int")
}

func TestBindMakesGlobalsWhereThereAreNone(t *testing.T) {
	set := newSet(map[string]string{"page.html": block})
	set.Globals = nil
	if err := tags.Bind(set, quiet()); err != nil {
		t.Fatal(err)
	}
	if got, err := executeFile(set, "page.html", pongo2.Context{"made": "x"}); got != "x" || err != nil {
		t.Errorf("got %q, %v, want x", got, err)
	}
}

// quiet returns a registry that says nothing of caches that are not open.
func quiet() *fragment.Registry { return &fragment.Registry{Observe: new(trace).observe} }

func executeFile(set *pongo2.TemplateSet, name string, data pongo2.Context) (string, error) {
	tpl, err := set.FromCache(name)
	if err != nil {
		return "", err
	}
	return tpl.Execute(data)
}

func TestUnboundSetSaysHowToBindIt(t *testing.T) {
	_, err := executeFile(newSet(map[string]string{"page.html": block}), "page.html", nil)
	wantError(t, err, "[Error (where: tag:cache) in page.html | Line 1 Col 4 near 'cache'] this template set has no caches: call tags.Bind(set, registry)")
}

func TestTakenNameIsAnError(t *testing.T) {
	for _, name := range []string{"_c", "_cx"} {
		s := newSite(t, map[string]string{"page.html": block})
		_, err := s.render("page.html", pongo2.Context{name: "mine"})
		wantError(t, err, "Line 1 Col 4 near 'cache'] the name "+name+" in the context is taken by a string")
	}
}

// Templates reach neither fields nor methods of what is bound.
func TestBindingIsOpaqueToTemplates(t *testing.T) {
	for _, source := range []string{
		"{{ _c.binding }}", "{{ _c.ctx }}", "{{ _c.binding.caches }}", "{{ _cx.ctx }}", "{{ _cx.enter }}",
		"{% for x in _c %}leaked{% endfor %}", "{{ _c.0 }}", "{{ _c() }}",
	} {
		s := newSite(t, map[string]string{"page.html": source})
		tpl, err := s.set.FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		got, err := tpl.Execute(tags.WithContext(context.Background(), s.data(nil)))
		if err == nil && got != "" {
			t.Errorf("%s: got %q, want an error or nothing", source, got)
		}
	}
}

func TestTwoSetsWithTwoRegistriesDoNotSeeEachOther(t *testing.T) {
	one := newSite(t, map[string]string{"page.html": block})
	two := newSite(t, map[string]string{"page.html": block})
	one.want("page.html", pongo2.Context{"made": "one"}, "one")
	two.want("page.html", pongo2.Context{"made": "two"}, "two")
	one.want("page.html", pongo2.Context{"made": "x"}, "one")
	two.want("page.html", pongo2.Context{"made": "x"}, "two")
	if err := one.registry.Clear(context.Background()); err != nil {
		t.Fatal(err)
	}
	two.want("page.html", pongo2.Context{"made": "x"}, "two")
	one.want("page.html", pongo2.Context{"made": "x"}, "x")
}

// A cache may be opened after the set is bound; until then blocks are rendered.
func TestBlocksRenderWhileTheirCacheIsNotOpen(t *testing.T) {
	s := &site{t: t, set: newSet(map[string]string{"page.html": block}), trace: new(trace)}
	s.registry = &fragment.Registry{Observe: s.trace.observe}
	if err := tags.Bind(s.set, s.registry); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", nil, "made 1")
	s.want("page.html", nil, "made 2")
	s.open(fragment.DefaultName)
	s.want("page.html", nil, "made 3")
	s.want("page.html", nil, "made 3")
}

// A closed cache renders.
func TestBlocksRenderAfterClose(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": block + `{% cache "del" "a" %}{{ made }}{% endcache %}`})
	s.want("page.html", nil, "made 1made 2")
	if err := s.registry.Cache("default").Close(); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", nil, "made 3made 4")
}

func TestNewBindingRefusesABlockWithoutContext(t *testing.T) {
	set := newSet(map[string]string{
		"page.html":   block,
		"only.html":   `{% include "page.html" with made=made only %}`,
		"passed.html": `{% include "page.html" with made=made _c=_c only %}`,
		"given.html":  `{% include "page.html" with made=made _cx=_cx only %}`,
	})
	binding, err := tags.NewBinding(set, quiet())
	if err != nil {
		t.Fatal(err)
	}
	attached := func() pongo2.Context {
		data := pongo2.Context{"made": "x"}
		binding.Attach(context.Background(), data)
		return data
	}
	withContext := func() pongo2.Context {
		return tags.WithContext(context.Background(), pongo2.Context{"made": "x"})
	}
	plain := func() pongo2.Context { return pongo2.Context{"made": "x"} }
	for _, c := range []struct {
		page string
		data func() pongo2.Context
		ok   bool
	}{
		{"page.html", plain, false},
		{"page.html", attached, true},
		{"page.html", withContext, true},
		{"only.html", attached, false},
		{"only.html", withContext, false},
		{"passed.html", attached, true},
		{"given.html", withContext, true},
		{"passed.html", withContext, false},
	} {
		got, err := executeFile(set, c.page, c.data())
		if c.ok && (err != nil || got != "x") {
			t.Errorf("%s: got %q, %v, want x", c.page, got, err)
		}
		if !c.ok {
			wantError(t, err, "in page.html | Line 1 Col 4 near 'cache'] this block does not know what it is a part of")
			wantError(t, err, "write {% include … with _c=_c only %}")
		}
	}
}

func TestWithContextLeavesDataAlone(t *testing.T) {
	data := pongo2.Context{"a": 1}
	out := tags.WithContext(context.Background(), data)
	if len(data) != 1 || out["a"] != 1 || len(out) != 2 {
		t.Errorf("got %d names in data and %d in the copy, want 1 and 2", len(data), len(out))
	}
	if out := tags.WithContext(context.Background(), nil); len(out) != 1 {
		t.Errorf("got %d names for nil, want 1", len(out))
	}
}

func TestTagBlocksTagsEveryBlock(t *testing.T) {
	set := newSet(map[string]string{
		"page.html": `{% cache 60 %}{{ n }}{% endcache %}{% cache 60 "a" tags="x" %}{{ n }}{% endcache %}{% cache 60 "b" tags=list %}{{ n }}{% endcache %}`,
	})
	registry := &fragment.Registry{}
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Use(fragment.DefaultName, c); err != nil {
		t.Fatal(err)
	}
	binding, err := tags.NewBinding(set, registry)
	if err != nil {
		t.Fatal(err)
	}
	binding.TagBlocks("all", "of-them")
	for _, step := range []struct{ free, n, want string }{
		{"nothing", "0", "000"}, {"nothing", "1", "000"}, {"x", "2", "020"}, {"y", "3", "023"}, {"all", "4", "444"}, {"of-them", "5", "555"},
	} {
		if err := registry.InvalidateTags(t.Context(), step.free); err != nil {
			t.Fatal(err)
		}
		data := pongo2.Context{"n": step.n, "list": "y"}
		binding.Attach(t.Context(), data)
		if got, err := executeFile(set, "page.html", data); got != step.want || err != nil {
			t.Errorf("%s freed: got %q, %v, want %q", step.free, got, err, step.want)
		}
	}
}
