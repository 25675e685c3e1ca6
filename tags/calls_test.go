package tags_test

import (
	"testing"

	"github.com/flosch/pongo2/v6"
)

// How often pongo2 calls a function of the context, as the documentation has it.
func TestFunctionIsCalledForEachUse(t *testing.T) {
	for _, c := range []struct {
		source string
		calls  int
	}{
		{`{% cache 60 %}{% for u in users %}{{ u }}{% endfor %}{% endcache %}`, 1},
		{`{% cache 60 %}{{ users|length }}{% for u in users %}{{ u }}{% endfor %}{% endcache %}`, 2},
		{`{% cache 60 %}{% if users %}{{ users|length }}{{ users|first }}{% endif %}{% endcache %}`, 3},
		{`{% cache 60 %}{% with users=users %}{{ users|length }}{% for u in users %}{{ u }}{% endfor %}{% endwith %}{% endcache %}`, 1},
		{`{% cache 60 %}{% include "part.html" %}{% endcache %}`, 2},
		{`{% cache 60 %}{% include "part.html" with users=users %}{% endcache %}`, 1},
		{`{% cache 60 %}{% set users=users %}{{ users|length }}{{ users|first }}{% endcache %}`, 1},
		{`{% cache 60 %}{% with users=users %}{% include "part.html" %}{% endwith %}{% endcache %}`, 1},
		{`{{ users|length }}{% cache 60 %}{{ users|length }}{% endcache %}`, 2},
	} {
		s := newSite(t, map[string]string{
			"page.html": c.source, "part.html": `{{ users|length }}{% for u in users %}{{ u }}{% endfor %}`,
		})
		for _, users := range []func(*int) any{
			func(calls *int) any {
				return func() []string { *calls++; return []string{"Ada", "Bob"} }
			},
			func(calls *int) any {
				return func(*pongo2.ExecutionContext) ([]string, error) { *calls++; return []string{"Ada", "Bob"}, nil }
			},
		} {
			calls := 0
			if err := s.registry.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.render("page.html", pongo2.Context{"users": users(&calls)}); err != nil {
				t.Fatal(err)
			}
			if calls != c.calls {
				t.Errorf("%s: called %d times, want %d", c.source, calls, c.calls)
			}
		}
	}
}
