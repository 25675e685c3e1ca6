package templates_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
	"github.com/pongocache/pongocache/templates"
)

func TestLoaderRewritesForOtherSets(t *testing.T) {
	files := &counting{FS: inMemory(map[string]string{
		"page.html": `<% cache 60 "a" %>{{ n }}<% endcache %>{% include "sub/part.html" %}`, "sub/part.html": `{% include "./more.html" %}`, "sub/more.html": "more",
	})}
	set := pongo2.NewSet("mine", templates.Loader(pongo2.NewFSLoader(files)))
	if err := tags.Bind(set, newRegistry(t)); err != nil {
		t.Fatal(err)
	}
	tpl, err := set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		got, err := tpl.Execute(tags.WithContext(context.Background(), pongo2.Context{"n": n}))
		if err != nil || got != "0more" {
			t.Errorf("got %q, %v, want 0more", got, err)
		}
	}
	if n := files.open.Load(); n != 0 {
		t.Errorf("%d files are left open", n)
	}
}

// A second loader is asked for what the first one does not have.
func TestLoaderLeavesAbsenceToTheSet(t *testing.T) {
	first := templates.Loader(pongo2.NewFSLoader(inMemory(map[string]string{"a.html": "a"})))
	second := templates.Loader(pongo2.NewFSLoader(inMemory(map[string]string{"b.html": "b"})))
	set := pongo2.NewSet("mine", first, second)
	for _, name := range []string{"a.html", "b.html"} {
		if _, err := set.FromCache(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type broken struct{ pongo2.TemplateLoader }

func (broken) Get(string) (io.Reader, error) { return broken{}, nil }
func (broken) Read([]byte) (int, error)      { return 0, errors.New("disk on fire") }
func (broken) Abs(_, name string) string     { return name }

func TestLoaderKeepsTheReadError(t *testing.T) {
	_, err := pongo2.NewSet("mine", templates.Loader(broken{})).FromCache("a.html")
	wantError(t, err, "disk on fire")
}
