package templates_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pongocache/pongocache/templates"
)

func TestCheckTellsAllErrorsAtOnce(t *testing.T) {
	files := inMemory(map[string]string{
		"good.html":       `{% extends "sub/layout.html" %}{% block x %}{% include name %}{% endblock %}`,
		"bad.html":        "\n{% if %}",
		"sub/layout.html": `{% block x %}{% endblock %}`,
		"sub/bad.html":    "{{ x|frob }}",
		"sub/cache.txt":   "é\n <% cache 0 %><% endcache %>",
		"one.html":        `{% include "sub/bad.html" %}`,
		"two.html":        `{% include "sub/bad.html" %}{% frob %}`,
		"missing.html":    `{% extends "none.html" %}`,
		"endless.html":    `{% comment %}{% endcomment x %}`,
		"itself.html":     `{% include "itself.html" %}`,
		"app.js":          "{{ not one }} of ours {% really %}",
	})
	err := templates.Check(files, templates.Options{})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{
		`bad.html:2:4: near "if %}": `, `sub/bad.html:1:6: near "frob }}": Filter 'frob' does not exist`,
		`sub/cache.txt:2:11: near "0 %><% endcache %>": a TTL of 0 is not above zero`,
		`missing.html:1:4: near "extends \"none.html\" %}": cannot load "none.html"`,
		`endless.html:1:17: near "endcomment x %}": endcomment takes no arguments`,
		`itself.html:1:4: `,
	} {
		if n := strings.Count(err.Error(), want); n != 1 {
			t.Errorf("got %d of %q in\n%v\nwant one", n, want, err)
		}
	}
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 6 {
		t.Errorf("got %d errors in\n%v\nwant 6", n, err)
	}
	var e *templates.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want an *Error in it", err)
	}
}

func TestCheckFindsNothingWrong(t *testing.T) {
	files := inMemory(map[string]string{"page.html": `<% cache 60 "a" %>{{ x }}<% endcache %>`, "photo.jpg": "{% \xff"})
	if err := templates.Check(files, templates.Options{}); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	only := templates.Options{IsTemplate: func(name string) bool { return name == "photo.jpg" }}
	wantError(t, templates.Check(files, only), "photo.jpg:1:")
	wantError(t, templates.Check(nil, templates.Options{}), "needs a file system")
}

// What a set was told of template tags and filters holds for its Check.
func TestCheckOfASet(t *testing.T) {
	set := newSet(t, inMemory(map[string]string{"page.html": `{% now "x" %}`}), templates.Options{})
	if err := set.Pongo2().BanTag("now"); err != nil {
		t.Fatal(err)
	}
	wantError(t, set.Check(), `page.html:1:4: near "now \"x\" %}": Usage of tag 'now' is not allowed`)
}

func TestCheckTellsWhatCannotBeRead(t *testing.T) {
	wantError(t, templates.Check(unreadable{}, templates.Options{}), "permission denied")
}

func ExampleCheck() {
	files := fstest.MapFS{ // or os.DirFS("views")
		"page.html": {Data: []byte("<h1>{{ title|upcase }}</h1>")},
		"part.html": {Data: []byte("<p>\n<% cache \"sidebar\" 300 %>…<% endcache %>")},
	}
	err := templates.Check(files, templates.Options{})
	fmt.Println(err)
	// Output:
	// templates: render "page.html": page.html:1:14: near "upcase }}</h1>": Filter 'upcase' does not exist.
	// templates: render "part.html": part.html:2:10: near "\"sidebar\" 300 %>…<% endcache %>": TTL and NAME are swapped: write {% cache 300 "sidebar" … %}
}

// Overlay puts a theme before what it changes.
func ExampleOverlay() {
	base := fstest.MapFS{"page.html": {Data: []byte(`{% include "logo.html" %}`)}, "logo.html": {Data: []byte("base")}}
	theme := fstest.MapFS{"logo.html": {Data: []byte("dark")}}
	content, err := fs.ReadFile(templates.Overlay(theme, base), "logo.html")
	fmt.Println(string(content), err)
	// Output: dark <nil>
}

func TestOverlayIsAFileSystem(t *testing.T) {
	theme := inMemory(map[string]string{"page.html": "theme", "sub/new.html": "new"})
	base := inMemory(map[string]string{"page.html": "base", "sub/part.html": "part", "other/x.html": "x"})
	files := templates.Overlay(theme, nil, base)
	if err := fstest.TestFS(files, "page.html", "sub/new.html", "sub/part.html", "other/x.html"); err != nil {
		t.Error(err)
	}
	set := newSet(t, files, templates.Options{})
	wantRender(t, set, "page.html", nil, "theme")
	wantRender(t, set, "sub/part.html", nil, "part")
	if _, err := fs.Stat(files, "none.html"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := templates.Overlay(unreadable{}, base).Open("page.html"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want the error of the layer in front", err)
	}
}

// A file that comes to the theme, or leaves it, is a change.
func TestReloadSeesALayerChange(t *testing.T) {
	theme, base := folder{t, t.TempDir()}, folder{t, t.TempDir()}
	base.write("page.html", `{% extends "layout.html" %}{% block x %}<% cache 60 "a" %>{% include "part.html" %}<% endcache %>{% endblock %}`)
	base.write("layout.html", `L{% block x %}{% endblock %}`)
	base.write("part.html", "base")
	set := newSet(t, templates.Overlay(os.DirFS(theme.path), os.DirFS(base.path)), templates.Options{Reload: true})
	wantRender(t, set, "page.html", nil, "Lbase")
	theme.write("part.html", "dark")
	wantRender(t, set, "page.html", nil, "Ldark")
	theme.write("layout.html", `M{% block x %}{% endblock %}`)
	wantRender(t, set, "page.html", nil, "Mdark")
	theme.remove("part.html")
	wantRender(t, set, "page.html", nil, "Mbase")
}
