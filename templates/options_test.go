package templates_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

// version= and the digest of the sources are in one key, and {% uncache %} finds
// the entries of each version and each text.
func TestVersionsOfADigestedBlockAreEntriesOfTheirOwn(t *testing.T) {
	for _, version := range []string{`v`, `1`} {
		registry := newRegistry(t)
		block := `{% cache 60 "a" version=` + version + ` %}{{ n }}{% endcache %}`
		sources := map[string]string{"page.html": block, "free.html": `<% uncache "a" %>`}
		old := deploy(t, registry, sources)
		edited := deploy(t, registry, map[string]string{"page.html": strings.Replace(block, "{{ n }}", "new {{ n }}", 1)})
		at := func(n, v int) map[string]any { return map[string]any{"n": n, "v": v} }
		wantRender(t, old, "page.html", at(1, 1), "1")
		wantRender(t, old, "page.html", at(2, 1), "1")
		wantRender(t, edited, "page.html", at(3, 1), "new 3")
		wantRender(t, edited, "page.html", at(4, 1), "new 3")
		if version == "v" {
			wantRender(t, old, "page.html", at(5, 2), "5")
		}
		wantRender(t, old, "free.html", nil, "")
		wantRender(t, old, "page.html", at(6, 1), "6")
		wantRender(t, edited, "page.html", at(7, 1), "new 7")
		if version == "v" {
			wantRender(t, old, "page.html", at(8, 2), "8")
		}
	}
}

// Every template tag of package tags does its work in the spelling <% … %> too.
func TestGuardsInTheOtherSpelling(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"never.html": `<p><% cache 60 "never" %>{{ n }}<% nostore "a test" %><% endcache %>`,
		"tags.html":  `<p><% cache 60 "tagged" %>{{ n }}<% cachetags "users" %><% endcache %>`,
	}), templates.Options{Outline: true})
	for _, n := range []string{"1", "2"} {
		if page, _ := shown(t, set, "never.html", map[string]any{"n": n}); !strings.Contains(page, "miss never") || !strings.Contains(page, n) {
			t.Errorf("got %s, want %s, which is not stored", page, n)
		}
	}
	for _, state := range []string{"miss", "hit"} {
		if page, _ := shown(t, set, "tags.html", map[string]any{"n": 1}); !strings.Contains(page, state+" tagged") || !strings.Contains(page, "tags users") {
			t.Errorf("got %s, want a %s with the tag of the body", page, state)
		}
	}
}

// Outlines are of what is stored as well as of what is not: a body that reads
// what belongs to one visitor is shown, with its outline, and rendered each time.
func TestPrivateKeysInAnOutlinedBody(t *testing.T) {
	set := outlineSet(t, map[string]string{"page.html": `<% cache 60 "a" %><p>{{ session }}</p><% endcache %>`})
	for _, visitor := range []string{"one", "two"} {
		page, script := shown(t, set, "page.html", map[string]any{"session": visitor})
		if !strings.Contains(page, "miss a") || !strings.Contains(page, visitor) || script == "" {
			t.Errorf("got %s, want what %s sees, in an outline", page, visitor)
		}
	}
}
