package tags_test

import (
	"context"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// A macro hands what it writes to a variable, and in a cached body that is the mark of
// a hole. Whoever is shown the variable is shown what the hole shows, and no mark is
// stored.
func TestVariableThatHasAHole(t *testing.T) {
	const macro = `{% macro p() %}{% hole "visitor" %}{% endmacro %}`
	for name, c := range map[string]struct{ body, want string }{
		"in a block inside":        {`{% with m=p() %}{% cache 60 "inner" %}[{{ m }}]{% endcache %}{% endwith %}`, "[V]"},
		"in a block of its own":    {`{% with m=p() %}{% cache 60 "inner" %}[{{ m }}{% hole "visitor" %}]{% endcache %}{% endwith %}`, "[VV]"},
		"in items":                 {`{% with m=p() %}{% cacheeach u in users 60 "row" u.ID %}{{ u.ID }}{{ m }}{% endcacheeach %}{% endwith %}`, "7V8V"},
		"in a block that changes":  {`{% with m=p() %}{% cache 60 "inner" %}{{ m|lower }}{{ m }}{% endcache %}{% endwith %}`, "vV"},
		"as an argument":           {`{% with m=p() %}{{ m }}{% hole "echo" m %}{% endwith %}`, "VV"},
		"as one of a block inside": {`{% with m=p() %}{{ m }}{% cache 60 "inner" %}{% hole "echo" m %}{% endcache %}{% endwith %}`, "VV"},
	} {
		s := newSite(t, map[string]string{"page.html": macro + `{% cache 60 "outer" n %}` + c.body + `{% endcache %}`})
		for n, visitor := range []string{"V", "W", "V", "W"} {
			got, err := s.renderAs(visitor, "page.html", pongo2.Context{"n": n / 2})
			want := strings.NewReplacer("V", visitor, "v", strings.ToLower(visitor)).Replace(c.want)
			if got != want || err != nil {
				t.Errorf("%s, %d: got %q, %v, want %q", name, n, got, err, want)
			}
		}
	}
}

func (s *site) renderAs(visitor, name string, more pongo2.Context) (string, error) {
	s.t.Helper()
	tpl, err := s.set.FromCache(name)
	if err != nil {
		return "", err
	}
	return tpl.Execute(tags.WithContext(context.WithValue(context.Background(), visitorKey{}, visitor), s.data(more)))
}

// Outside of what is cached a macro hands on what one visitor is shown: no block with
// that is stored.
func TestVariableThatHasWhatAHoleShows(t *testing.T) {
	for name, source := range map[string]string{
		"hole":      `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`,
		"nocache":   `{% macro p() %}{% nocache %}{{ who }}{% endnocache %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`,
		"uncached":  `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% cache 60 "outer" if=no %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}{% endcache %}`,
		"items":     `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% with m=p() %}{% cacheeach x in "a" 60 "a" x %}[{{ m }}]{% endcacheeach %}{% endwith %}`,
		"argument":  `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{% hole "echo" m %}]{% endcache %}{% endwith %}`,
		"of items":  `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% with m=p() %}{% cacheeach x in "a" 60 "a" x %}[{% hole "echo" m %}]{% endcacheeach %}{% endwith %}`,
		"own holes": `{% macro p() %}{% hole "visitor" %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% if no %}{% hole "visitor" %}{% endif %}{% endcache %}{% endwith %}`,
	} {
		s := newSite(t, map[string]string{"page.html": source})
		for _, visitor := range []string{"ada-lovelace", "bob-hope", "ada-lovelace"} {
			got, err := s.renderAs(visitor, "page.html", pongo2.Context{"who": visitor})
			if got != "["+visitor+"]" || err != nil {
				t.Errorf("%s: %s got %q, %v", name, visitor, got, err)
			}
		}
	}
}

// What a macro shows beside a block keeps no other block from being stored.
func TestHoleOfAMacroBesideABlock(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% macro p() %}{% hole "visitor" %}{% endmacro %}{{ p() }}{% cache 60 "a" %}{{ made }}{% endcache %}`})
	for _, visitor := range []string{"ada-lovelace", "bob-hope"} {
		if got, err := s.renderAs(visitor, "page.html", nil); got != visitor+"made 1" || err != nil {
			t.Errorf("%s got %q, %v", visitor, got, err)
		}
	}
}

// Nor do many of them.
func TestHolesOfAMacroBesideABlock(t *testing.T) {
	const row = `{% macro row(x) %}{% hole "echo" "row " x %}{% endmacro %}{% for x in list %}{{ row(x) }}{% endfor %}`
	s := newSite(t, map[string]string{"page.html": row + `{% cache 60 "a" %}{{ made }}{% endcache %}`})
	list := make([]int, 1000)
	for i := range list {
		list[i] = i
	}
	for range 2 {
		if got, err := s.renderAs("", "page.html", pongo2.Context{"list": list}); !strings.HasSuffix(got, "made 1") || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
