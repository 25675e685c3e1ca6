package templates

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync/atomic"

	"github.com/flosch/pongo2/v6"
)

// Loader returns a loader that reads what l reads and rewrites it by [Rewrite],
// for template sets that are made by pongo2.NewSet. It closes what it has read.
// Wrap every loader of such a set.
func Loader(l pongo2.TemplateLoader) pongo2.TemplateLoader { return rewriting{l} }

type rewriting struct{ pongo2.TemplateLoader }

func (l rewriting) Get(name string) (io.Reader, error) {
	r, err := l.TemplateLoader.Get(name)
	if err != nil {
		return nil, err
	}
	source, err := io.ReadAll(r)
	if c, ok := r.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return unreadable{err}, nil
	}
	return bytes.NewReader(Rewrite(source)), nil
}

// unreadable is how the reason reaches the caller: pongo2 drops the error of
// Get and keeps that of Read.
type unreadable struct{ err error }

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }

// loader loads the templates of a Set.
type loader struct {
	now atomic.Pointer[generation]
}

// Abs returns the name from the root.
func (l *loader) Abs(base, name string) string { return abs(base, name) }

func (l *loader) Get(name string) (io.Reader, error) {
	s, err := l.source(name)
	if err != nil {
		return unreadable{err}, nil
	}
	return bytes.NewReader(s.text), nil
}

func (l *loader) source(name string) (*source, error) {
	switch {
	case !fs.ValidPath(name) || name == ".":
		return nil, fmt.Errorf("%q is no name of a template: %w: want a path from the root of the file system such as \"users/list.html\", without a slash in front", name, fs.ErrInvalid)
	case tooDeep():
		return nil, errors.New(endlessly(name))
	}
	now := l.now.Load()
	if m := now.unfit(name); m != nil {
		return nil, m
	}
	return now.source(name)
}

// maxFrames is far above what templates that end need: pongo2 takes some ten
// frames of the stack for each one that loads another.
const maxFrames = 5_000

// tooDeep reports whether templates load each other without end, which would
// end the process when its stack is full.
func tooDeep() bool {
	var pc [1]uintptr
	return runtime.Callers(maxFrames, pc[:]) > 0
}

// Digest implements tags.Sources, for a template that the set of pongo2 has
// loaded by itself.
func (l *loader) Digest(file string, names []string) string { return l.now.Load().Digest(file, names) }

// Dynamic implements tags.Sources.
func (l *loader) Dynamic(at *pongo2.Token) { l.now.Load().Dynamic(at) }
