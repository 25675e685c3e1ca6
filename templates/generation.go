package templates

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// A generation is one version of each file. What was read first stays until the
// Set begins another generation, so that no two templates are made of different
// versions of a part that they share, and what a digest speaks of is what was
// parsed.
type generation struct {
	files fs.FS
	watch bool               // remember also what is not there, to see it come
	told  *dynamicTold       // outlives the generation
	mu    sync.Mutex         // not held while a file is read
	have  map[string]*source // guarded by mu, as what follows
	stale bool               // a file has come that was not there
}

// A source is one file as it was read.
type source struct {
	version
	raw  []byte
	text []byte // in the spelling of pongo2
	tags []tagAt
	fit  atomic.Bool // nothing in what it is made of is unfit for pongo2
}

// A version of a file is what can be learnt without reading it. The zero
// version is that of a file that is not there or cannot be read.
type version struct {
	there   bool
	size    int64
	changed time.Time
	read    time.Time
}

// settled is how old a change must be for its time to tell it from the next
// one: file systems count in steps of up to two seconds.
const settled = 3 * time.Second

// source returns a file. What it learns about it is remembered.
func (g *generation) source(name string) (*source, error) {
	if s := g.known(name); s != nil && s.there {
		return s, nil
	}
	s, err := open(g.files, name)
	if err != nil && !g.watch {
		return s, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.have[name]
	switch {
	case old != nil && old.there:
		return old, nil // another goroutine was first
	case old != nil && s.there:
		g.stale = true // what was parsed without it must not stay
	}
	if g.have == nil {
		g.have = make(map[string]*source)
	}
	g.have[name] = s
	return s, err
}

func (g *generation) known(name string) *source {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.have[name]
}

// open reads one version of a file. What it learns about the file it learns
// before it reads it, so that a change in between is not taken for read. It
// closes the file.
func open(files fs.FS, name string) (*source, error) {
	f, err := files.Open(name)
	if err != nil {
		return new(source), err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return new(source), err
	}
	s := &source{version: version{there: true, size: info.Size(), changed: info.ModTime(), read: time.Now()}}
	if s.raw, err = io.ReadAll(f); err != nil {
		return new(source), err
	}
	s.text, s.tags = scan(s.raw)
	return s, nil
}

// forget drops what was read since the generation knew only these names.
func (g *generation) forget(since map[string]*source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.have, func(name string, _ *source) bool { return since[name] == nil })
}

// drop forgets one file.
func (g *generation) drop(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.have, name)
}

// snapshot returns what is known now.
func (g *generation) snapshot() map[string]*source {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.have)
}

// changed reports whether a file is another one now than when it was read.
func (g *generation) changed() bool {
	g.mu.Lock()
	seen, changed := maps.Clone(g.have), g.stale
	g.mu.Unlock()
	for name, s := range seen {
		changed = changed || s.differs(g.files, name)
	}
	return changed
}

func (s *source) differs(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	switch {
	case err != nil || !s.there:
		return s.there || err == nil
	case info.Size() != s.size || !info.ModTime().Equal(s.changed):
		return true
	case s.read.Sub(s.changed) > settled && !s.changed.IsZero():
		return false
	}
	now, err := open(files, name)
	return err != nil || !bytes.Equal(now.raw, s.raw)
}

// next returns the generation after g, which has read nothing.
func (g *generation) next() *generation {
	return &generation{files: g.files, watch: g.watch, told: g.told}
}
