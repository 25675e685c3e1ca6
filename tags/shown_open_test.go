package tags_test

import (
	"context"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// What a hole of another template shows comes into a variable by {% include %} in a
// macro and by block.Super.
func TestVariableOfAHoleOfAnotherTemplate(t *testing.T) {
	for name, source := range map[string]string{
		"include": `{% macro p() %}{% include "hole.html" %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`,
		"block":   `{% macro p() %}{% include "block.html" %}{% endmacro %}{% with m=p() %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}`,
		"super":   `{% extends "base.html" %}{% block b %}{% with m=block.Super %}{% cache 60 "a" %}[{{ m }}]{% endcache %}{% endwith %}{% endblock %}`,
	} {
		s := newSite(t, map[string]string{"page.html": source, "hole.html": `{% hole "visitor" %}`,
			"block.html": `{% cache 60 "in" %}{% hole "visitor" %}{% endcache %}`, "base.html": `{% block b %}{% hole "visitor" %}{% endblock %}`})
		tpl, err := s.set.FromCache("page.html")
		if err != nil {
			t.Fatal(err)
		}
		for _, visitor := range []string{"ada-lovelace", "bob-hope"} {
			ctx := context.WithValue(context.Background(), visitorKey{}, visitor)
			if got, err := tpl.Execute(tags.WithContext(ctx, pongo2.Context{})); got != "["+visitor+"]" || err != nil {
				t.Errorf("%s: %s got %q, %v", name, visitor, got, err)
			}
		}
	}
}
