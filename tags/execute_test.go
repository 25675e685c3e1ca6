package tags_test

import (
	"errors"
	"io"
	"testing"
)

// What cannot be written is an error, after which all is as before.
func TestWriteError(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 60 "a" %}{% include "part.html" %}{% endcache %}`, "part.html": "x"})
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	err = tpl.ExecuteWriterUnbuffered(s.data(nil), brokenWriter{})
	wantError(t, err, "in page.html | Line 1 Col 4 near 'cache'] the reader left")
	s.want("page.html", nil, "x")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the reader left") }

var _ io.Writer = brokenWriter{}

// pongo2 changes the tokens of a template on each execution with TrimBlocks.
// The digest of a block is that of its source.
func TestTrimBlocksDoesNotChangeKeys(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": "{% cache 60 %}\n\n\n{{ made }}{% endcache %}"})
	s.set.Options.TrimBlocks = true
	for range 3 {
		if _, err := s.render("page.html", nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := s.trace.take(), "miss page.html, fill page.html, store page.html, hit page.html, hit page.html"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExecuteBlocks(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% block main %}{% cache 60 "a" %}{{ made }}{% endcache %}{% endblock %}`})
	tpl, err := s.set.FromCache("page.html")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := tpl.ExecuteBlocks(s.data(nil), []string{"main"})
		if err != nil || got["main"] != "made 1" {
			t.Errorf("got %q, %v, want made 1", got["main"], err)
		}
	}
}

// Errors keep the file they stand in, through includes and inheritance.
func TestErrorsNameTheirOwnFile(t *testing.T) {
	bad := "\n {% cache 60 \"a\" usr %}{% endcache %}"
	for name, files := range map[string]map[string]string{
		"included": {"page.html": `{% include "sub/bad.html" %}`, "sub/bad.html": bad},
		"layout":   {"page.html": `{% extends "sub/bad.html" %}`, "sub/bad.html": bad},
		"imported": {"page.html": `{% import "sub/bad.html" m %}{{ m() }}`, "sub/bad.html": "{% macro m() export %}" + bad + "{% endmacro %}"},
		"child":    {"page.html": `{% include "sub/bad.html" %}`, "sub/bad.html": `{% extends "../layout.html" %}{% block b %}` + bad + `{% endblock %}`, "layout.html": `{% block b %}{% endblock %}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newSite(t, files).render("page.html", nil)
			wantError(t, err, "in sub/bad.html | Line 2 Col 18 near 'usr'] VARY 1: usr is not in the context")
		})
	}
}
