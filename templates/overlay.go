package templates

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Overlay returns a file system that has the files of all layers. Of a name that
// several have it is the file of the first: a theme goes before what it changes.
//
//	files := templates.Overlay(os.DirFS("themes/dark"), os.DirFS("views"))
//
// A layer that fails with another error than fs.ErrNotExist hides those behind
// it for that name, so that a theme never seems to be absent by accident.
func Overlay(layers ...fs.FS) fs.FS {
	return overlay(slices.DeleteFunc(slices.Clone(layers), func(l fs.FS) bool { return l == nil }))
}

type overlay []fs.FS

// Open implements fs.FS. A folder holds what it has in any layer.
func (o overlay) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	for _, layer := range o {
		f, err := layer.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return o.opened(name, f)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// opened returns f, or what stands for it if it is a folder.
func (o overlay) opened(name string, f fs.File) (fs.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.IsDir() {
		return f, nil
	}
	entries, err := o.ReadDir(name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &folder{File: f, entries: entries}, nil
}

// Stat implements fs.StatFS: to look at a file opens none where a layer can do so.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	for _, layer := range o {
		if info, err := fs.Stat(layer, name); !errors.Is(err, fs.ErrNotExist) {
			return info, err
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements fs.ReadDirFS.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	seen := make(map[string]bool)
	var all []fs.DirEntry
	there := false
	for _, layer := range o {
		entries, err := fs.ReadDir(layer, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil && there && isFile(layer, name):
			continue // hidden by the folder in front
		case err != nil:
			return nil, err
		}
		there = true
		for _, e := range entries {
			if !seen[e.Name()] {
				seen[e.Name()] = true
				all = append(all, e)
			}
		}
	}
	if !there {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

func isFile(layer fs.FS, name string) bool {
	info, err := fs.Stat(layer, name)
	return err == nil && !info.IsDir()
}

// A folder is one of several layers.
type folder struct {
	fs.File
	entries []fs.DirEntry // that were not read yet
}

// ReadDir implements fs.ReadDirFile.
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	all := f.entries
	if n <= 0 {
		f.entries = nil
		return all, nil
	}
	if len(all) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(all))
	f.entries = all[n:]
	return all[:n:n], nil
}
