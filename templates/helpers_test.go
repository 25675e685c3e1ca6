package templates_test

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// newRegistry returns a registry whose default cache is open.
func newRegistry(t testing.TB) *fragment.Registry {
	t.Helper()
	registry := new(fragment.Registry)
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Use(fragment.DefaultName, c); err != nil {
		t.Fatal(err)
	}
	return registry
}

func newSet(t testing.TB, files fs.FS, o templates.Options) *templates.Set {
	t.Helper()
	set, err := templates.New(files, newRegistry(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// inMemory returns a file system of names and sources.
func inMemory(sources map[string]string) fstest.MapFS {
	files := make(fstest.MapFS)
	for name, source := range sources {
		files[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return files
}

func render(set *templates.Set, name string, data any) (string, error) {
	var out bytes.Buffer
	err := set.Render(context.Background(), &out, name, data)
	return out.String(), err
}

func wantRender(t testing.TB, set *templates.Set, name string, data any, want string) {
	t.Helper()
	if got, err := render(set, name, data); got != want || err != nil {
		t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
	}
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one that contains %q", err, want)
	}
}

// counting is a file system that counts the files that are open.
type counting struct {
	fs.FS
	open, opened atomic.Int32
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	c.opened.Add(1)
	return countedFile{f, c}, nil
}

type countedFile struct {
	fs.File
	in *counting
}

func (f countedFile) Close() error {
	f.in.open.Add(-1)
	return f.File.Close()
}
