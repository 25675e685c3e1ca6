package templates

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// A watch remembers the files that were read, to find out whether one of them
// has changed since. A nil watch only reads.
type watch struct {
	mu    sync.Mutex
	files map[string]version // guarded by mu, as what follows
	stale bool               // a file was read twice and had changed in between
}

// A version of a file, as far as it is known. The zero version is that of a
// file that is not there or cannot be read.
type version struct {
	there   bool
	size    int64
	changed time.Time
	read    time.Time
	source  []byte
}

// settled is how old a change must be for its time to tell it from the next
// one: file systems count in steps of up to two seconds.
const settled = 3 * time.Second

// read returns the source of a file and remembers it. It closes the file.
func (w *watch) read(files fs.FS, name string) ([]byte, error) {
	v, err := open(files, name)
	if w == nil {
		return v.source, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files == nil {
		w.files = make(map[string]version)
	}
	// What was parsed from the version before must not pass for this one.
	if old, ok := w.files[name]; ok && (old.there != v.there || !bytes.Equal(old.source, v.source)) {
		w.stale = true
	}
	w.files[name] = v
	return v.source, err
}

// open reads one version of a file. What it learns about the file it learns
// before it reads it, so that a change in between is not taken for read.
func open(files fs.FS, name string) (version, error) {
	f, err := files.Open(name)
	if err != nil {
		return version{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return version{}, err
	}
	v := version{there: true, size: info.Size(), changed: info.ModTime(), read: time.Now()}
	v.source, err = io.ReadAll(f)
	return v, err
}

// changed reports whether a file is another one now than when it was read, and
// if so, forgets all of them.
func (w *watch) changed(files fs.FS) bool {
	w.mu.Lock()
	seen, changed := maps.Clone(w.files), w.stale
	w.mu.Unlock()
	for name, v := range seen {
		changed = changed || v.differs(files, name)
	}
	if changed {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.files, w.stale = nil, false
	}
	return changed
}

func (v version) differs(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	switch {
	case err != nil || !v.there:
		return v.there || err == nil
	case info.Size() != v.size || !info.ModTime().Equal(v.changed):
		return true
	case v.read.Sub(v.changed) > settled && !v.changed.IsZero():
		return false
	}
	now, err := open(files, name)
	return err != nil || !bytes.Equal(now.source, v.source)
}
