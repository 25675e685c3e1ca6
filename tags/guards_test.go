package tags_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
)

// page renders page.html as a part of a cached page, and reports how often it
// was rendered by now.
func (s *site) page(renders *int) {
	s.t.Helper()
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.registry.Cache("shared").Do(context.Background(), fragment.KeyOf("page"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		*renders++
		return tpl.ExecuteBytes(tags.WithContext(ctx, s.data(nil)))
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Outside of a cached block nostore speaks of the page around.
func TestNoStoreKeepsThePageFromBeingStored(t *testing.T) {
	for source, want := range map[string]int{
		`{% nostore "an error" %}`:                             2,
		`{% if no %}{% nostore "an error" %}{% endif %}`:       1,
		`{% include "part.html" %}`:                            2,
		`{% cache 60 "a" if=no %}{% nostore %}{% endcache %}`:  2,
		`{% cache 60 "a" if=yes %}{% nostore %}{% endcache %}`: 2,
	} {
		s := newSite(t, map[string]string{"page.html": source, "part.html": `{% nostore "an error" %}`})
		renders := 0
		s.page(&renders)
		s.page(&renders)
		if renders != want {
			t.Errorf("%s: got %d renderings of two, want %d", source, renders, want)
		}
	}
}

// cachetags tags what is around it: a block, and the page around that.
func TestCacheTagsReachBlockAndPage(t *testing.T) {
	for _, source := range []string{
		`{% cachetags "in" %}`,
		`{% cache 60 "a" %}{% cachetags "x" list "in" %}{% endcache %}`,
		`{% cache 60 "a" %}{% include "part.html" %}{% endcache %}`,
	} {
		for _, tag := range []string{"in", "elsewhere"} {
			s := newSite(t, map[string]string{"page.html": source, "part.html": `{% cachetags "i"+"n" %}`})
			renders := 0
			s.page(&renders)
			s.page(&renders)
			if renders != 1 {
				t.Fatalf("%s: got %d renderings of two, want the second one served", source, renders)
			}
			if err := s.registry.InvalidateTags(context.Background(), tag); err != nil {
				t.Fatal(err)
			}
			s.page(&renders)
			if anew := renders == 2; anew != (tag == "in") {
				t.Errorf("%s: got %d renderings after %q was invalidated", source, renders, tag)
			}
		}
	}
}

// Without caches, or without the ctx that a Binding asks for, nothing is silently
// ignored.
func TestGuardsNeedASetThatIsBound(t *testing.T) {
	for _, tag := range []string{`{% nostore "a" %}`, `{% cachetags "a" %}`, `{% uncache "a" %}`} {
		set := newSet(map[string]string{"page.html": tag})
		_, err := pongo2.Must(set.FromCache("page.html")).Execute(nil)
		wantError(t, err, "this template set has no caches: call tags.Bind")
		if _, err := tags.NewBinding(set, new(fragment.Registry)); err != nil {
			t.Fatal(err)
		}
		_, err = pongo2.Must(set.FromCache("page.html")).Execute(nil)
		wantError(t, err, "with tags.WithContext")
	}
}

// A hit would not run it, wherever it stands.
func TestUncacheInACachedBody(t *testing.T) {
	s := newSite(t, map[string]string{
		"include.html": `{% cache 60 "a" %}{% include "part.html" %}{% endcache %}`,
		"macro.html":   `{% macro m() %}{% uncache "b" %}{% endmacro %}{% cacheeach u in users 60 "a" u.ID %}{{ m() }}{% endcacheeach %}`,
		"free.html":    `{% cache 60 "a" if=no %}{% include "part.html" %}{% endcache %}`,
		"hole.html":    `{% cache 60 "a" %}{% nocache %}{% uncache "b" %}{% include "part.html" %}{% endnocache %}{% endcache %}{% cache 60 "b" %}{{ made }}{% endcache %}`,
		"part.html":    `{% uncache "b" %}`,
	})
	for _, name := range []string{"include.html", "macro.html"} {
		_, err := s.render(name, nil)
		wantError(t, err, "is reached by the cached body in line 1 of "+name)
	}
	s.want("free.html", nil, "")
	for n := range 2 {
		s.want("hole.html", nil, fmt.Sprint("made ", n+1))
	}
	if err := s.registry.Cache("default").Close(); err != nil {
		t.Fatal(err)
	}
	s.want("hole.html", nil, "made 3")
}

func TestUncacheKeepsThePageFromBeingStored(t *testing.T) {
	for source, want := range map[string]int{
		`{% uncache "a" %}`:                       2,
		`{% if no %}{% uncache "a" %}{% endif %}`: 1,
	} {
		s := newSite(t, map[string]string{"page.html": source})
		renders := 0
		s.page(&renders)
		s.page(&renders)
		if renders != want {
			t.Errorf("%s: got %d renderings of two, want %d", source, renders, want)
		}
	}
}
