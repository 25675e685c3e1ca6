package tags_test

import (
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// What a hole of a cached block showed that stands in a macro, on a miss and on a hit,
// is of one visitor wherever a variable takes it.
func TestWhatABlockInAMacroShowedIsNotStored(t *testing.T) {
	const show = `{% with v=m() %}{% cache 60 "out" %}[{{ v }}]{% endcache %}{% endwith %}`
	for name, source := range map[string]string{
		"hole":    `{% macro m() %}{% cache 60 "in" %}{% hole "visitor" %}{% endcache %}{% endmacro %}` + show,
		"nocache": `{% macro m() %}{% cache 60 "in" %}{% nocache %}{% hole "visitor" %}{% endnocache %}{% endcache %}{% endmacro %}` + show,
		"each":    `{% macro m() %}{% cacheeach x in list 60 "in" x %}{% hole "visitor" %}{% endcacheeach %}{% endmacro %}` + show,
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{t: t, registry: new(fragment.Registry), trace: new(trace)}
			s.set = newSet(map[string]string{"page.html": source})
			k := fragmenttest.NewLedger()
			c, err := fragment.New(k, fragment.Options{Observe: s.trace.observe})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.registry.Use("", c); err != nil {
				t.Fatal(err)
			}
			if err := tags.Bind(s.set, s.registry); err != nil {
				t.Fatal(err)
			}
			s.holes()
			tpl, err := s.set.FromCache("page.html")
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"ada", "bob", "ada"} {
				got, err := visit(tpl, who, pongo2.Context{"list": []int{1}})
				if err != nil || !strings.Contains(got, "secret-"+who) {
					t.Errorf("%s got %q, %v", who, got, err)
				}
			}
			k.WantWithout(t, "secret")
		})
	}
}
