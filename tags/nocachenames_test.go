package tags_test

import "testing"

// A {% nocache %} may have a macro, whose parameters and name are its own.
func TestMacroOfANocache(t *testing.T) {
	const body = `{% set x = 1 %}{% macro m(x, y=2) %}{{ x }}{{ y }}{% endmacro %}{{ m(x) }}`
	s := newSite(t, map[string]string{
		"page.html":  `{% cache 60 "a" %}` + body + `{% nocache %}{% macro m(y, x=4) %}{{ x }}{{ y }}{% endmacro %}{{ m(3) }}{% endnocache %}{% endcache %}`,
		"after.html": `{% cache 60 "b" %}` + body + `{% nocache %}{% macro n(x) %}{{ x }}{% endmacro %}{{ x }}{% endnocache %}{% endcache %}`,
	})
	for range 2 {
		if got, err := s.renderAs("", "page.html", nil); got != "1243" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if _, err := s.set.FromCache("after.html"); err == nil {
		t.Error("the name of a parameter behind its macro is not refused")
	}
}
