package tags_test

import "testing"

// What a macro hands to another one is escaped there, and is of one visitor all the same.
func TestVariableThatIsEscaped(t *testing.T) {
	const macro = `{% macro p() %}{% hole "visitor" %}{% endmacro %}`
	for name, source := range map[string]string{
		"argument": macro + `{% macro box(m) %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endmacro %}{{ box(p()) }}`,
		"twice":    macro + `{% macro it(m) %}<i>{{ m }}</i>{% endmacro %}{% macro box(m) %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endmacro %}{{ box(it(p())) }}`,
		"with":     macro + `{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`,
		"escape":   macro + `{% with m=p() %}{% cache 60 "a" %}[{{ m|safe }}|{{ m|escape }}]{% endcache %}{% endwith %}`,
	} {
		s := newSite(t, map[string]string{"page.html": source})
		var first string
		for _, visitor := range []string{"Ada O'Brien", `<b title="Bob">`} {
			got, err := s.renderAs(visitor, "page.html", nil)
			if got == first || err != nil {
				t.Errorf("%s: %s got %q, %v", name, visitor, got, err)
			}
			first = got
		}
	}
}
