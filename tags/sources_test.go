package tags_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/tags"
)

// asked is a Sources that writes down what it is asked.
type asked struct {
	mu    sync.Mutex
	words []string
}

func (a *asked) Digest(file string, names []string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.words = append(a.words, fmt.Sprint(file, names))
	return file
}

func (a *asked) Dynamic(at *pongo2.Token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.words = append(a.words, fmt.Sprintf("dynamic %s:%d:%d", at.Filename, at.Line, at.Col))
}

func TestSourcesAreAskedOnceForEachBlock(t *testing.T) {
	set := newSet(map[string]string{
		"page.html": `{% extends "layout.html" %}{% block x %}{% import "lib.html" m %}{% cache 60 "a" %}{% include "part.html" %}{% include name if_exists %}` +
			`{% comment %}{% include "not.html" %}{% endcomment %}{{ block.Super }}{% endcache %}{% endblock %}`,
		"layout.html": `{% block x %}{% endblock %}`,
		"part.html":   `{% cache 60 n|stringformat:"%d" %}{% endcache %}{% cache 60 "c" digest=false %}{% endcache %}`,
		"lib.html":    `{% macro m() export %}{% endmacro %}`,
	})
	s := newSite(t, nil)
	binding, err := tags.NewBinding(set, s.registry)
	if err != nil {
		t.Fatal(err)
	}
	sources, own := new(asked), new(asked)
	binding.Use(sources)
	tpl, err := set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		data := pongo2.Context{"n": n, "name": "none.html"}
		binding.Attach(context.Background(), data)
		if _, err := tpl.Execute(data); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(sources.words)
	if got, want := strings.Join(sources.words, ", "), "dynamic page.html:1:112, page.html[part.html layout.html], part.html[]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	again, err := set.FromFile("page.html")
	if err != nil {
		t.Fatal(err)
	}
	data := pongo2.Context{"n": 1, "name": "none.html"}
	binding.AttachWith(context.Background(), data, own)
	if _, err := again.Execute(data); err != nil || len(own.words) == 0 {
		t.Errorf("got %q, %v, want the sources of AttachWith to be asked", own.words, err)
	}
}
