package templates_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/templates"
)

// pongo2 does not close what its loaders open. The files that this process has open
// are counted while nothing is collected that would close them.
func TestNoFileStaysOpen(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	f := folder{t, t.TempDir()}
	f.write("page.html", `{% extends "layout.html" %}{% block x %}<% cache 60 "a" %>{% include name %}<% endcache %>{% include "none.html" if_exists %}{% endblock %}`)
	f.write("layout.html", `{% import "lib.html" m %}{% block x %}{% endblock %}`)
	f.write("lib.html", `{% macro m() export %}{% endmacro %}`)
	f.write("part.html", "part")
	f.write("bad.html", "{% frob %}")
	f.write("endless.html", `{% include "endless.html" %}`)
	files := templates.Overlay(os.DirFS(t.TempDir()), os.DirFS(f.path))
	set := newSet(t, files, templates.Options{Reload: true})
	other := pongo2.NewSet("other", templates.Loader(pongo2.NewFSLoader(os.DirFS(f.path))))
	before := openFiles(t)
	for i := range 50 {
		f.write("part.html", string(rune('a'+i%2)))
		wantRender(t, set, "page.html", map[string]any{"name": "part.html"}, string(rune('a'+i%2)))
		for _, name := range []string{"bad.html", "endless.html", "none.html"} {
			if _, err := render(set, name, nil); err == nil {
				t.Errorf("%s: got no error", name)
			}
		}
		if err := templates.Check(files, templates.Options{}); err == nil {
			t.Error("got no error of Check")
		}
		if _, err := other.FromFile("layout.html"); err != nil {
			t.Error(err)
		}
	}
	if after := openFiles(t); after > before+5 {
		t.Errorf("%d files are open, and %d before", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
