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

func TestDeleteFreesABlockHoweverItWasEscaped(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% macro m(id) %}{% cache 60 "row" id "x" %}{{ made }}{% endcache %}{% endmacro %}{{ m(7) }}{{ m(8) }}{% autoescape off %}{{ m(7) }}{% endautoescape %}`})
	s.want("page.html", nil, "made 1made 2made 3")
	s.want("page.html", nil, "made 1made 2made 3")
	if err := tags.Delete(context.Background(), s.registry.Cache("default"), "row", 7, "x"); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", nil, "made 4made 2made 5")
}

// Whatever else is in the key, and in whatever template the block stands.
func TestDeleteFreesEveryVersion(t *testing.T) {
	for _, source := range []string{
		`{% cache 60 "row" id version=v %}{{ made }}{% endcache %}`,
		`{% cache 60 name id version=v %}{{ made }}{% endcache %}`,
		`{% cache 60 "outer" v %}{% cache 60 "row" id version=v %}{{ made }}{% endcache %}{% endcache %}`,
		`{% cache 60 "outer" v %}{% cache 60 "middle" v if=no %}{% cache 60 "row" id %}{{ made }}{% endcache %}{% endcache %}{% endcache %}`,
	} {
		s := newSite(t, map[string]string{"page.html": source})
		first := pongo2.Context{"id": 7, "v": 1, "name": "row"}
		second := pongo2.Context{"id": 7, "v": 2, "name": "row"}
		other := pongo2.Context{"id": 8, "v": 3, "name": "row"}
		all := func() (out string) {
			for _, data := range []pongo2.Context{first, second, other} {
				made, err := s.render("page.html", data)
				if err != nil {
					t.Fatal(err)
				}
				out += made + " "
			}
			return out
		}
		before := all()
		if got := all(); got != before {
			t.Fatalf("%s: got %s, want what is stored, %s", source, got, before)
		}
		if err := tags.Delete(context.Background(), s.registry.Cache("default"), "row", 7); err != nil {
			t.Fatal(err)
		}
		made := s.made
		after := all()
		if s.made-made < 1 || after[:6] == before[:6] || after[len(after)-7:] != before[len(before)-7:] {
			t.Errorf("%s: got %s after Delete, want all anew but the last of %s", source, after, before)
		}
	}
}

func TestDeleteOfAnotherNameOrVaryFreesNothing(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "row" 7 %}{{ made }}{% endcache %}`})
	s.want("page.html", nil, "made 1")
	c := s.registry.Cache("default")
	for _, vary := range [][]any{nil, {8}, {7, nil}, {"7"}} {
		if err := tags.Delete(context.Background(), c, "row", vary...); err != nil {
			t.Fatal(err)
		}
	}
	if err := tags.Delete(context.Background(), c, "rows", 7); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", nil, "made 1")
}

// The tag for Delete is of those that CheckTag takes, and holds no VARY.
func TestTagForDeleteTellsNothing(t *testing.T) {
	var seen []string
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: func(_ context.Context, e fragment.Event) { seen = append(seen, e.Tags...) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := tags.Delete(context.Background(), c, "a secret name", "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || fragment.CheckTag(seen[0]) != nil || !strings.HasPrefix(seen[0], fragment.TagOfKeys) || len(seen[0]) > 32 {
		t.Errorf("got %q, want one short tag that begins with %s", seen, fragment.TagOfKeys)
	}
}

func TestDeleteTellsTypesApart(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "row" id %}{{ made }}{% endcache %}`})
	id := pongo2.Context{"id": int8(7)}
	s.want("page.html", id, "made 1")
	for _, other := range []any{"7", 7.0, nil, true} {
		if err := tags.Delete(context.Background(), s.registry.Cache("default"), "row", other); err != nil {
			t.Fatal(err)
		}
		s.want("page.html", id, "made 1")
	}
	if err := tags.Delete(context.Background(), s.registry.Cache("default"), "row", uint64(7)); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", id, "made 2")
}

func TestDeleteRefuses(t *testing.T) {
	ctx := context.Background()
	wantError(t, tags.Delete(ctx, nil, "a"), "Delete needs a cache")
	c, err := fragment.New(fragment.Null(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, tags.Delete(ctx, c, ""), "Delete needs the NAME of a block")
	wantError(t, tags.Delete(ctx, c, "a", struct{ X int }{}), "struct")
}

// A block, KeyOf and a memoized function of one name are three entries.
func TestTagsHaveAKeySpaceOfTheirOwn(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "users" %}{{ made }}{% endcache %}`})
	s.want("page.html", nil, "made 1")
	c := s.registry.Cache("default")
	for _, key := range []fragment.Key{fragment.KeyOf("users"), fragment.KeyOf("users", true), fragment.Space("memo").Key("users", true)} {
		if ok, err := c.Has(context.Background(), key); ok || err != nil {
			t.Errorf("%v: got %v, %v, want no entry", key, ok, err)
		}
	}
}

func TestDeleteWhileRenderingIsNotUndone(t *testing.T) {
	for _, tag := range []string{`cache 60 "a"`, `cache 60 "a" version=2`} {
		deletesWhileRendering(t, tag)
	}
}

func deletesWhileRendering(t *testing.T, tag string) {
	s := newSite(t, map[string]string{"page.html": `{% ` + tag + ` %}{{ freed() }}{% endcache %}`})
	n := 0
	freed := func() int {
		n++
		if n == 1 {
			if err := tags.Delete(context.Background(), s.registry.Cache(fragment.DefaultName), "a"); err != nil {
				t.Error(err)
			}
		}
		return n
	}
	s.want("page.html", pongo2.Context{"freed": freed}, "1")
	s.want("page.html", pongo2.Context{"freed": freed}, "2")
	s.want("page.html", pongo2.Context{"freed": freed}, "2")
}
