package main

import (
	"io/fs"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/templates"
)

// newTemplates loads the templates, which know the caches, and gives them the
// few functions that every page uses.
func newTemplates(caches *fragment.Registry) (*templates.Set, error) {
	folder, err := fs.Sub(files, "templates")
	if err != nil {
		return nil, err
	}
	return templates.New(folder, caches, templates.Options{Globals: map[string]any{
		"now":    time.Now,
		"clock":  func(t time.Time) string { return t.Format("15:04:05.000") },
		"iso":    func(t time.Time) string { return t.Format(time.RFC3339Nano) },
		"source": source,
		"style":  styleURL,
	}})
}

// source returns a file of this program, to be shown beside what it does.
func source(name string) (string, error) {
	text, err := files.ReadFile(name)
	return string(text), err
}
