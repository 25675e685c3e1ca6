package tags_test

import (
	"context"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
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
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{{ freed() }}{% endcache %}`})
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
