//go:build linux

package filebackend_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// Another user may put links in the place of files.
func TestLinksAreNeitherFollowedNorWrittenThrough(t *testing.T) {
	folder, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	b := opened(t, folder, filebackend.Options{})
	for _, key := range []string{"key", "other"} {
		set(t, b, key, page)
	}
	path := filebackend.PathOf(folder, "key")
	write(t, outside, read(t, path)) // even if it is just what is wanted
	before := read(t, outside)
	for name, change := range map[string]func() error{
		"Get":    func() error { wantGet(t, b, "key", nil); return nil },
		"Set":    func() error { return b.Set(ctx, "key", page[:100], ttl) },
		"small":  func() error { return b.Set(ctx, "key", page[:8], ttl) },
		"Add":    func() error { _, err := b.Add(ctx, "key", page[:100], ttl); return err },
		"Touch":  func() error { return b.Touch(ctx, time.Minute, "key") },
		"Delete": func() error { return b.Delete(ctx, "key") },
	} {
		for _, to := range []string{outside, filebackend.PathOf(folder, "other"), filepath.Join(t.TempDir(), "nowhere")} {
			b.Delete(ctx, "key")
			must(t, os.Symlink(to, path))
			if err := change(); err != nil {
				t.Errorf("%s with a link to %s: got error %v, want none", name, to, err)
			}
			if !bytes.Equal(read(t, outside), before) {
				t.Fatalf("%s wrote through a link", name)
			}
			wantGet(t, b, "other", page)
		}
	}
}

// A pipe has no writer, and whoever opens it waits for one.
func TestWhatIsNoFileIsAMissAtOnce(t *testing.T) {
	folder := t.TempDir()
	b, path := opened(t, folder, filebackend.Options{}), filebackend.PathOf(folder, "key")
	for name, plant := range map[string]func() error{
		"pipe":   func() error { return syscall.Mkfifo(path, 0o600) },
		"socket": func() error { return socket(path) },
		"folder": func() error { return os.Mkdir(path, 0o700) },
		"empty":  func() error { return os.WriteFile(path, nil, 0o600) },
	} {
		set(t, b, "key", page)
		must(t, os.Remove(path))
		must(t, plant())
		wantGet(t, b, "key", nil)
		must(t, b.Touch(ctx, ttl, "key"))
		if err := b.Delete(ctx, "key"); err != nil {
			t.Errorf("Delete where there is a %s: got error %v, want none", name, err)
		}
		wantGet(t, b, "key", nil)
	}
}

func socket(path string) error {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close() // a socket's path may be too long otherwise
	return syscall.Bind(fd, &syscall.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path))})
}

// A link in the place of a folder would lead writes elsewhere.
func TestFolderOfAShardIsNotALink(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	must(t, os.Symlink(outside, filepath.Dir(filebackend.PathOf(folder, "key"))))
	b := opened(t, folder, filebackend.Options{})
	if err := b.Set(ctx, "key", page, ttl); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("Set where the folder of the shard is a link: got error %v, want one that says to remove it", err)
	}
	if _, ok, _ := b.Get(ctx, "key"); ok {
		t.Error("Get where the folder of the shard is a link: got a hit")
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("got %v written through a link", left)
	}
}

// A table that is a link or damaged is replaced, and what it pointed to stays.
func TestDamagedTableIsReplaced(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, page)
	for name, plant := range map[string]func(path string) error{
		"link":   func(path string) error { return os.Symlink(outside, path) },
		"empty":  func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"short":  func(path string) error { return os.WriteFile(path, []byte("pongotb1"), 0o600) },
		"random": func(path string) error { return os.WriteFile(path, bytes.Repeat(page, 100), 0o600) },
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		folder := t.TempDir()
		must(t, plant(filepath.Join(folder, "table")))
		b := opened(t, folder, filebackend.Options{})
		set(t, b, "small", []byte("value"))
		set(t, b, "large", page)
		wantGet(t, b, "small", []byte("value"))
		wantGet(t, b, "large", page)
		if got := read(t, outside); !bytes.Equal(got, page) {
			t.Fatalf("%s: the file behind a link was written to", name)
		}
	}
}

// Bytes of a table that were damaged while it is in use are misses.
func TestDamageInTheTableIsAMiss(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{Max: 1 << 20})
	for i := range 200 {
		set(t, b, fmt.Sprint("key", i), fmt.Append(nil, "value", i))
	}
	path := filepath.Join(folder, "table")
	whole := read(t, path)
	for at := 8 << 10; at < len(whole); at += 7 {
		whole[at] ^= 0xff
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer file.Close()
	_, err = file.WriteAt(whole[8<<10:], 8<<10)
	must(t, err)
	for i := range 200 {
		wantGet(t, b, fmt.Sprint("key", i), nil)
	}
	set(t, b, "key0", []byte("again"))
	wantGet(t, b, "key0", []byte("again"))
	must(t, file.Truncate(100))
	wantGet(t, b, "key0", nil)
	set(t, b, "key0", []byte("once more"))
	wantGet(t, b, "key0", []byte("once more"))
}

// Nobody else may read what is cached.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	folder := filepath.Join(t.TempDir(), "a", "b")
	b := opened(t, folder, filebackend.Options{})
	set(t, b, "small", []byte("value"))
	set(t, b, "large", page)
	must(t, filepath.WalkDir(filepath.Dir(folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := os.FileMode(0o600)
		if entry.IsDir() {
			want = os.ModeDir | 0o700
		}
		if err == nil && info.Mode() != want {
			t.Errorf("%s: got mode %v, want %v", path, info.Mode(), want)
		}
		return err
	}))
}
