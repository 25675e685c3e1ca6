package tags_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// What could not be the same on a hit is refused when the template is parsed. The
// place is in the second line.
func TestNocacheThatIsRefused(t *testing.T) {
	hand := func(name, tag string) string {
		return fmt.Sprintf(`{%% nocache %%} uses %s, which {%% %s %%} in line 2 defines in the cached body: that does not run on a hit. Hand the value over by {%% hole "name" %[1]s %%}`, name, tag)
	}
	for _, c := range []struct{ source, at, want string }{
		{`{% cache 60 "a" %}{% for u in users %}{% nocache %}{{ u.Name }}{% endnocache %}{% endfor %}{% endcache %}`, "2:57", hand("u", "for")},
		{`{% cache 60 "a" %}{% for u in users %}{% nocache %}{{ forloop.Counter }}{% endnocache %}{% endfor %}{% endcache %}`, "2:57", strings.Replace(hand("forloop", "for"), `"name" forloop`, `"name" forloop.Counter`, 1)},
		{`{% cache 60 "a" %}{% for k, v in users %}{% nocache %}{% if one == v %}{% endif %}{% endnocache %}{% endfor %}{% endcache %}`, "2:70", hand("v", "for")},
		{`{% cache 60 "a" %}{% set x=1 %}{% nocache %}{{ one|add:x }}{% endnocache %}{% endcache %}`, "2:58", hand("x", "set")},
		{`{% cache 60 "a" %}{% nocache %}{{ x }}{% endnocache %}{% with y=1 x=2 %}{% endwith %}{% endcache %}`, "2:37", hand("x", "with")},
		{`{% cache 60 "a" %}{% with 1 as x %}{% nocache %}{{ x }}{% endnocache %}{% endwith %}{% endcache %}`, "2:54", hand("x", "with")},
		{`{% cache 60 "a" %}{% macro m(a) %}{% endmacro %}{% nocache %}{{ m(1) }}{% endnocache %}{% endcache %}`, "2:67", hand("m", "macro")},
		{`{% cache 60 "a" %}{% import "lib.html" row %}{% nocache %}{{ row(1) }}{% endnocache %}{% endcache %}`, "2:64", hand("row", "import")},
		{`{% cache 60 "a" %}{% import "lib.html" row as r %}{% nocache %}{{ r(1) }}{% endnocache %}{% endcache %}`, "2:69", hand("r", "import")},
		{`{% cache 60 "a" %}{% for u in users %}{% cycle "a" "b" as c %}{% nocache %}{{ c }}{% endnocache %}{% endfor %}{% endcache %}`, "2:81", hand("c", "cycle")},
		{`{% cache 60 "a" %}{% widthratio one 2 3 as w %}{% nocache %}{{ w }}{% endnocache %}{% endcache %}`, "2:66", hand("w", "widthratio")},
		{`{% cache 60 "a" %}{% for u in users %}{% cache 60 "b" %}{% nocache %}{{ u }}{% endnocache %}{% endcache %}{% endfor %}{% endcache %}`, "2:75", hand("u", "for")},
		{`{% cache 60 "a" %}{% for u in users %}{% nocache %}{% for u in u.Friends %}{{ u }}{% endfor %}{% endnocache %}{% endfor %}{% endcache %}`, "2:66", hand("u", "for")},
		{`{% cache 60 "a" %}{% for u in users %}{% nocache %}{% for u in list %}{% for u in list %}{% endfor %}{{ u }}{% endfor %}{{ u }}{% endnocache %}{% endfor %}{% endcache %}`, "2:126", hand("u", "for")},
		{`{% cache 60 "a" %}{% with u=1 %}{% nocache %}{% with u=u %}{% endwith %}{% endnocache %}{% endwith %}{% endcache %}`, "2:58", hand("u", "with")},
		{`{% cache 60 "a" %}{% nocache %}{% nocache %}{% endnocache %}{% endnocache %}{% endcache %}`, "2:37", `{% nocache %} inside of {% nocache %} changes nothing`},
		{`{% nocache %}{% cache 60 "a" %}{% nocache %}{% endnocache %}{% endcache %}{% endnocache %}`, "2:37", `{% nocache %} inside of {% nocache %}`},
		{`{% cache 60 "a" %}{% macro m() %}{% nocache %}{% endnocache %}{% endmacro %}{% endcache %}`, "2:39", `inside of a macro in a cached body`},
		{`{% cache 60 "a" %}{% macro m(x) %}{% cache 60 "b" x %}{% nocache %}{{ x }}{% endnocache %}{% endcache %}{% endmacro %}{{ m(1) }}{% endcache %}`, "2:60", `inside of a macro in a cached body`},
		{`{% cache 60 "a" %}{% nocache %}{% endcache %}`, "2:37", `Tag 'endcache' not found`},
		{`{% nocache %}x`, "2:6", `this is not closed: {% endnocache %} is missing`},
		{`{% nocache 5 %}{% endnocache %}`, "2:14", `nocache takes no arguments: write {% nocache %} … {% endnocache %}`},
		{`{% nocache %}{% endnocache 5 %}`, "2:30", `endnocache takes no arguments: write {% endnocache %}`},
		{`{% hole %}`, "2:6", `the name of the hole is missing: write {% hole "name" [ARGUMENT …] %}`},
		{`{% hole 5 %}`, "2:11", `the name of the hole is 5: want a string`},
		{`{% hole "" %}`, "2:11", `the name of the hole is "": want a string that is not empty`},
		{`{% hole "show", %}`, "2:17", `nothing follows the last comma`},
		{`{% hole "show" using="shared" %}`, "2:18", `hole has no options`},
		{`{% hole "show" absent %}`, "2:18", `ARGUMENT 1: absent is not in the context: pass it, or write absent|default:""`},
		{`{% hole "show" (1 / 0) %}`, "2:18", `ARGUMENT 1 cannot be evaluated`},
		{`{% hole "nobody" %}`, "2:11", `there is no hole "nobody": register a function by Registry.Hole("nobody", …)`},
		{`{% hole "fails" %}`, "2:6", `fragment: hole "fails": no such visitor`},
	} {
		s := newSite(t, map[string]string{"page.html": "<p>\n  " + c.source, "lib.html": `{% macro row(a) export %}{% endmacro %}`})
		out, err := s.render("page.html", nil)
		var e *pongo2.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got output %q and error %v", c.source, out, err)
			continue
		}
		if got := fmt.Sprintf("%d:%d", e.Line, e.Column); got != c.at {
			t.Errorf("%s: got the error at %s, want %s: %v", c.source, got, c.at, err)
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error\n%v\nwant one that contains\n%s", c.source, err, c.want)
		}
	}
}

// What only looks like a name of the body is not one.
func TestNocacheThatIsNotRefused(t *testing.T) {
	for source, want := range map[string]string{
		`{% cache 60 "a" %}{% with upper=1 Name=2 if=3 %}{% endwith %}{% nocache %}{{ user.Name|upper }}{% if one %}x{% endif %}{% endnocache %}{% endcache %}`:              "ADA &LT;ADA@EXAMPLE.ORG&GT;x",
		`{% cache 60 "a" %}{% comment %}{% set one=2 %}{% endcomment %}{% nocache %}{{ one }}{% endnocache %}{% endcache %}`:                                                 "1",
		`{% cache 60 "a" %}{% include "part.html" with user=one %}{% nocache %}{{ user.Name }}{% endnocache %}{% endcache %}`:                                                "ADA &LT;ADA@EXAMPLE.ORG&GT;",
		`{% cache 60 "a" %}{% cache 60 "b" version=2 %}{% endcache %}{% nocache %}{{ version|default:3 }}{% endnocache %}{% endcache %}`:                                     "3",
		`{% cache 60 "a" %}{% for u in list %}{% endfor %}{% nocache %}{% for u in users %}{{ forloop.Counter }}{{ u.ID }}{% endfor %}{% endnocache %}{% endcache %}`:        "1728",
		`{% cache 60 "a" %}{% set u=1 %}{% nocache %}{% include "part.html" with u=2 %}{% with u=3 %}{{ u }}{% endwith %}{% set u=4 %}{{ u }}{% endnocache %}{% endcache %}`: "34",
		`{% set one=2 %}{% cache 60 "a" %}{% nocache %}{{ one }}{% endnocache %}{% endcache %}`:                                                                              "2",
		`{% cache 60 "a" %}{% nocache %}{% for u in users %}{{ u.ID }}{% endfor %}{% endnocache %}{% endcache %}`:                                                            "78",
		`{% macro m() %}m{% endmacro %}{% cache 60 "a" %}{% nocache %}{{ m() }}{% endnocache %}{% endcache %}`:                                                               "m",
		`{% cache 60 "a" %}{% nocache %}{% nostore %}{% endnocache %}{% endcache %}{% nocache %}{% endnocache %}`:                                                            "",
	} {
		s := newSite(t, map[string]string{"page.html": source, "part.html": ""})
		for range 2 {
			got, err := s.render("page.html", nil)
			if err != nil || !strings.EqualFold(got, want) {
				t.Errorf("%s: got %q, %v, want %q", source, got, err, want)
			}
		}
	}
}

// A page is stored without running its template on a hit.
func TestNocacheKeepsThePageFromBeingStored(t *testing.T) {
	for source, want := range map[string]int{
		`{% nocache %}x{% endnocache %}`:                                      2,
		`{% if no %}{% nocache %}x{% endnocache %}{% endif %}`:                1,
		`{% include "part.html" %}`:                                           2,
		`{% cache 60 "a" %}{% nocache %}x{% endnocache %}{% endcache %}`:      2,
		`{% cache 60 "a" if=no %}{% nocache %}{% endnocache %}{% endcache %}`: 2,
		`{% cache 60 "a" %}x{% endcache %}`:                                   1,
		`{% hole "show" %}`:                                                   2, // a page of Go that keeps no holes
		`{% cache 60 "a" %}{% hole "show" %}{% endcache %}`:                   2,
	} {
		s := newSite(t, map[string]string{"page.html": source, "part.html": `{% nocache %}x{% endnocache %}`})
		s.render("page.html", nil) // the block is a hit from now on
		renders := 0
		s.page(&renders)
		s.page(&renders)
		if renders != want {
			t.Errorf("%s: got %d renderings of two, want %d", source, renders, want)
		}
	}
}

// A {% nocache %} may take in a block that has one, also where it is rendered in its
// place: because nothing is stored, or because a filter has changed its mark.
func TestNocacheInsideOfABlockInAHole(t *testing.T) {
	files := map[string]string{
		"page.html":   `{% cache 60 "a" %}a{% nocache %}{% include "part.html" %}{% endnocache %}{% endcache %}`,
		"filter.html": `{% cache 60 "b" %}b{% filter upper %}{% nocache %}{% include "part.html" %}{% endnocache %}{% endfilter %}{% endcache %}`,
		"part.html":   `{% cache 60 "part" %}p{% nocache %}{{ n }}{% endnocache %}{% endcache %}`,
	}
	for _, closed := range []bool{false, true} {
		s := newSite(t, files)
		if closed {
			if err := s.registry.Cache("default").Close(); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 2 {
			s.want("page.html", pongo2.Context{"n": n}, fmt.Sprint("ap", n))
			s.want("filter.html", pongo2.Context{"n": n}, fmt.Sprint("bP", n))
		}
	}
}

// A nocache that is not parsed to its end is forgotten.
func TestNocacheOfABrokenTemplate(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{% nocache %}{{ n }}{% endnocache %}{% endcache %}`})
	for range 10 {
		if _, err := s.set.FromString(`{% cache 60 "a" %}{% nocache %}{{ n }}{% endnocache %}{% for %}`); err == nil {
			t.Fatal("a broken template was parsed")
		}
	}
	s.want("page.html", pongo2.Context{"n": 1}, "1")
	s.want("page.html", pongo2.Context{"n": 2}, "2")
	if n := tags.ParsingNow(); n != 0 {
		t.Errorf("%d templates are being parsed still", n)
	}
}
