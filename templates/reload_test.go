package templates_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pongocache/pongocache/templates"
)

// folder is a file system on disk that a test can write to.
type folder struct {
	t    *testing.T
	path string
}

// write replaces a file as editors and deployments do: whole, by renaming.
func (f folder) write(name, source string) {
	f.t.Helper()
	path := filepath.Join(f.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(source), 0o644); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) remove(name string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.path, name)); err != nil {
		f.t.Fatal(err)
	}
}

func TestReloadSeesEachKindOfChange(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `{% extends "layout.html" %}{% block x %}{% import "lib.html" m %}{% include "sub/part.html" %}{{ m() }}{% include "maybe.html" if_exists %}{% endblock %}`)
	f.write("layout.html", `L1{% block x %}{% endblock %}`)
	f.write("sub/part.html", `P1{% include "./deep.html" %}`)
	f.write("sub/deep.html", `D1`)
	f.write("lib.html", `{% macro m() export %}M1{% endmacro %}`)
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	wantRender(t, set, "page.html", nil, "L1P1D1M1")
	// Each of the same size and within the same moment as before.
	for _, change := range []struct{ name, source, want string }{
		{"layout.html", `L2{% block x %}{% endblock %}`, "L2P1D1M1"},
		{"sub/part.html", `P2{% include "./deep.html" %}`, "L2P2D1M1"},
		{"sub/deep.html", `D2`, "L2P2D2M1"},
		{"lib.html", `{% macro m() export %}M2{% endmacro %}`, "L2P2D2M2"},
		{"maybe.html", `here`, "L2P2D2M2here"},
		{"page.html", `plain`, "plain"},
	} {
		f.write(change.name, change.source)
		wantRender(t, set, "page.html", nil, change.want)
		wantRender(t, set, "page.html", nil, change.want)
	}
	f.remove("page.html")
	_, err := render(set, "page.html", nil)
	wantError(t, err, "no such file")
	f.write("page.html", "{% if %}")
	_, err = render(set, "page.html", nil)
	wantError(t, err, "page.html")
	f.write("page.html", "back")
	wantRender(t, set, "page.html", nil, "back")
}

// An old file is told from a new one by its time alone, without being read.
func TestReloadReadsOldFilesOnce(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", "one")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(f.path, "page.html"), old, old); err != nil {
		t.Fatal(err)
	}
	files := &counting{FS: os.DirFS(f.path)}
	set := newSet(t, files, templates.Options{Reload: true})
	for range 3 {
		wantRender(t, set, "page.html", nil, "one")
	}
	// Each look at a file that is no fs.StatFS opens it, and closes it unread.
	if n, open := files.opened.Load(), files.open.Load(); n > 3 || open != 0 {
		t.Errorf("opened %d times and left %d open, want at most 3 and 0", n, open)
	}
	f.write("page.html", "two")
	wantRender(t, set, "page.html", nil, "two")
}

// shifting is a file system whose layout changes right after a look at it.
type shifting struct {
	fstest.MapFS
	next *fstest.MapFile
}

func (s *shifting) Stat(name string) (fs.FileInfo, error) {
	info, err := s.MapFS.Stat(name)
	if name == "layout.html" && s.next != nil {
		s.MapFS[name], s.next = s.next, nil
	}
	return info, err
}

// Two pages share a layout that changes between the look at it and its reading
// for the second page: both are of one version of it, and the next look sees the
// other.
func TestReloadLeavesNoStaleParent(t *testing.T) {
	old, later := time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
	files := &shifting{MapFS: fstest.MapFS{
		"one.html":    {Data: []byte(`{% extends "layout.html" %}`), ModTime: old},
		"two.html":    {Data: []byte(`{% extends "layout.html" %}`), ModTime: old},
		"layout.html": {Data: []byte("v1"), ModTime: old},
	}}
	set := newSet(t, files, templates.Options{Reload: true})
	wantRender(t, set, "one.html", nil, "v1")
	files.next = &fstest.MapFile{Data: []byte("v2"), ModTime: later}
	wantRender(t, set, "two.html", nil, "v1")
	wantRender(t, set, "one.html", nil, "v2")
	wantRender(t, set, "two.html", nil, "v2")
}

// A file system without times, such as one of a test, is compared by content.
func TestReloadWithoutTimes(t *testing.T) {
	files := inMemory(map[string]string{"page.html": "one"})
	set := newSet(t, files, templates.Options{Reload: true})
	wantRender(t, set, "page.html", nil, "one")
	files["page.html"] = &fstest.MapFile{Data: []byte("two")}
	wantRender(t, set, "page.html", nil, "two")
}

func TestWithoutReloadTemplatesStay(t *testing.T) {
	files := inMemory(map[string]string{"page.html": "one"})
	set := newSet(t, files, templates.Options{})
	wantRender(t, set, "page.html", nil, "one")
	files["page.html"] = &fstest.MapFile{Data: []byte("two")}
	wantRender(t, set, "page.html", nil, "one")
}

// The entry of a block without NAME belongs to its text.
func TestReloadRendersAnEditedBlockAnew(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", "<% cache 60 %>one<% endcache %>")
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	wantRender(t, set, "page.html", nil, "one")
	f.write("page.html", "<% cache 60 %>two<% endcache %>")
	wantRender(t, set, "page.html", nil, "two")
}

func TestReloadWhileOthersRender(t *testing.T) {
	f := folder{t, t.TempDir()}
	f.write("page.html", `{% extends "layout.html" %}{% block x %}{% include "part.html" %}{% endblock %}`)
	f.write("layout.html", `{% block x %}{% endblock %}`)
	f.write("part.html", "0")
	set := newSet(t, os.DirFS(f.path), templates.Options{Reload: true})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := set.Render(context.Background(), io.Discard, "page.html", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 50 {
		f.write("part.html", fmt.Sprint(i))
	}
	wg.Wait()
	wantRender(t, set, "page.html", nil, "49")
}
