package templates_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/pongocache/pongocache/templates"
)

func TestNamesAreFromTheRootOrRelative(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"page.html":         `{% include "a/one.html" %}`,
		"a/one.html":        `one,{% include "./two.html" %}`,
		"a/two.html":        `two,{% include "../b/three.html" %}`,
		"b/three.html":      `three,{% include "a/../b/four.html" %}`,
		"b/four.html":       `{% extends "../layouts/main.html" %}{% block x %}four{% endblock %}`,
		"layouts/main.html": `({% block x %}{% endblock %}{% include name %})`,
		"layouts/foot.html": `foot`,
	}), templates.Options{})
	for _, name := range []string{"page.html", "./page.html", "a/../page.html"} {
		wantRender(t, set, name, map[string]any{"name": "./foot.html"}, "one,two,three,(fourfoot)")
	}
}

// However a template is reached, it has one name, and so its blocks one entry.
func TestOneTemplateHasOneName(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"a/page.html": `{% include "./part.html" %}`, "a/part.html": `<% cache 60 %>{{ n }}<% endcache %>`, "b.html": `{% include "a/part.html" %}`,
	}), templates.Options{})
	for n, name := range []string{"a/page.html", "b.html", "a/part.html", "./a/../a/part.html"} {
		wantRender(t, set, name, map[string]any{"n": n}, "0")
	}
}

func TestUnknownNames(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"dir/page.html": "x",
		"include.html":  "\n  {% include \"missing.html\" %}",
		"lazy.html":     "\n  {% include name %}",
		"extends.html":  `{% extends "missing.html" %}`,
		"import.html":   `{% import "missing.html" m %}`,
		"deep.html":     `{% include "include.html" %}`,
		"exists.html":   `[{% include "missing.html" if_exists %}]`,
		"climbs.html":   `{% include "../../etc/passwd" %}`,
		"ssi.html":      `{% ssi "/etc/passwd" %}`,
	}), templates.Options{})
	missing := map[string]any{"name": "missing.html"}
	for name, want := range map[string]string{
		"missing.html": `templates: render "missing.html": cannot load "missing.html": open missing.html: file does not exist`,
		"include.html": `templates: render "include.html": include.html:2:14: near "\"missing.html\" %}": cannot load "missing.html": open missing.html: file does not exist`,
		"deep.html":    `templates: render "deep.html": include.html:2:14: near "\"missing.html\" %}": cannot load "missing.html": open missing.html: file does not exist`,
		"lazy.html":    `templates: render "lazy.html": lazy.html:2:6: near "include name %}": cannot load "missing.html": open missing.html: file does not exist`,
		"extends.html": `templates: render "extends.html": extends.html:1:4: near "extends \"missing.html\" %}": cannot load "missing.html": open missing.html: file does not exist`,
		"import.html":  `import.html:1:4: near "import \"missing.html\" m %}": cannot load "missing.html": open missing.html: file does not exist`,
	} {
		_, err := render(set, name, missing)
		wantError(t, err, want)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v, want an error that is fs.ErrNotExist", name, err)
		}
	}
	wantRender(t, set, "exists.html", nil, "[]")
	for name, want := range map[string]string{
		"":                  "the name of the template is empty",
		"../page.html":      `"../page.html" is no name of a template: invalid argument: want a path from the root of the file system such as "users/list.html"`,
		"/dir/page.html":    "without a slash in front",
		"climbs.html":       `"../../etc/passwd" is no name of a template`,
		"dir/../../x":       "is no name of a template",
		".":                 "is no name of a template",
		"dir":               `cannot load "dir"`,
		"ssi.html":          "Usage of tag 'ssi' is not allowed",
		"dir/page.html\x00": "dir/page.html",
	} {
		_, err := render(set, name, nil)
		wantError(t, err, want)
	}
}

type unreadable struct{ fs.FS }

func (u unreadable) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestUnreadableTemplate(t *testing.T) {
	_, err := render(newSet(t, unreadable{}, templates.Options{}), "page.html", nil)
	wantError(t, err, `templates: render "page.html": cannot load "page.html": permission denied`)
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want an error that is fs.ErrPermission", err)
	}
}

// Templates that load each other without end must not end the process.
func TestEndlessTemplates(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{
		"include.html": `{% include "include.html" %}`,
		"extends.html": `{% extends "b.html" %}`,
		"b.html":       `{% extends "extends.html" %}`,
		"lazy.html":    `{% include name %}`,
		"fine.html":    "fine",
	}), templates.Options{})
	for _, name := range []string{"include.html", "extends.html", "lazy.html"} {
		_, err := render(set, name, map[string]any{"name": "lazy.html"})
		wantError(t, err, "is included or extended without end: does it include or extend itself?")
	}
	wantRender(t, set, "fine.html", nil, "fine")
}

// What pongo2 takes for a template that is not there must not be tried to the power
// of the depth, nor pass for one that is there; what is in a comment is not loaded.
func TestEndlessTemplatesIfTheyExist(t *testing.T) {
	const twice = `{% include "a.html" if_exists %}{% include "a.html" if_exists %}`
	set := newSet(t, inMemory(map[string]string{
		"a.html": "\n" + twice, "page.html": twice + "page", "b.html": `{% include "c.html" if_exists %}`, "c.html": `{% import "sub/../b.html" m %}`,
		"d.html": `{% comment %}{% include "d.html" %}{% endcomment %}{# {% include "d.html" %} #}{% verbatim %}{% include "d.html" %}{% endverbatim %}d`,
		"f.html": `{% include "g.html" if_exists %}`, "g.html": "{% comment %}{% endcomment x %}",
		"e.html": `{% include "d.html" %}{% include "d.html" %}`,
	}), templates.Options{})
	for name, want := range map[string]string{
		"a.html":    `a.html:2:4: near "include \"a.html\" if_exists %}{% include ": "a.html" is included or extended without end`,
		"page.html": `render "page.html": a.html:2:4: near`,
		"b.html":    `render "b.html": c.html:1:4: near "import \"sub/../b.html\" m %}": "b.html" is included`,
		"f.html":    `render "f.html": g.html:1:17: near "endcomment x %}": endcomment takes no arguments`,
		"c.html":    `render "c.html": b.html:1:4: near`,
	} {
		_, err := render(set, name, nil)
		wantError(t, err, want)
	}
	wantRender(t, set, "e.html", nil, `{% include "d.html" %}d{% include "d.html" %}d`)
	if _, err := set.FromString(twice); err == nil {
		t.Error("got no error for a string that includes a template without end")
	}
}

func TestDeepTemplatesThatEnd(t *testing.T) {
	sources := map[string]string{"0.html": "end"}
	for i := 1; i <= 200; i++ {
		sources[fmt.Sprintf("%d.html", i)] = fmt.Sprintf(`{%% include "%d.html" %%}`, i-1)
	}
	wantRender(t, newSet(t, inMemory(sources), templates.Options{}), "200.html", nil, "end")
}
