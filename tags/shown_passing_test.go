package tags_test

import "testing"

// A block whose cache is closed leaves no mark where a hole is: what that shows is not
// stored in a block of another cache.
func TestVariableOfABlockThatIsNotStored(t *testing.T) {
	const macro, hole = `{% macro p() %}{% hole "visitor" %}{% endmacro %}`, `{% macro p() %}{% nocache %}{% hole "visitor" %}{% endnocache %}{% endmacro %}`
	const inside = `{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`
	for name, source := range map[string]string{
		"hole":      macro + `{% cache 60 "outer" using="shared" %}` + inside + `{% endcache %}`,
		"both":      macro + `{% cache 60 "outermost" %}{% cache 60 "outer" using="shared" %}` + inside + `{% endcache %}{% endcache %}`,
		"in a hole": hole + `{% cache 60 "outer" if=0 %}` + inside + `{% endcache %}`,
	} {
		s := newSite(t, map[string]string{"page.html": source})
		if err := s.registry.Cache("shared").Close(); err != nil {
			t.Fatal(err)
		}
		for _, visitor := range []string{"ada-lovelace", "bob-hope", "ada-lovelace"} {
			if got, err := s.renderAs(visitor, "page.html", nil); got != "["+visitor+"]" || err != nil {
				t.Errorf("%s: %s got %q, %v", name, visitor, got, err)
			}
		}
	}
}
