//go:build linux

package filebackend_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// childFull may not write files of more than 64 KiB, beyond the table.
func childFull(folder string) error {
	signal.Ignore(syscall.SIGXFSZ)
	b, err := filebackend.New(folder, filebackend.Options{Max: 1 << 20})
	if err != nil {
		return err
	}
	defer b.Close()
	limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return errors.Join(wantRefused(b, "key", 100<<10, syscall.EFBIG), wantNoTemp(folder))
}

// wantRefused requires that Set and Add fail in a way that leaves the value before
// or none.
func wantRefused(b *filebackend.Backend, key string, size int, why error) error {
	old := []byte(strings.Repeat("old", 100))
	if err := b.Set(ctx, key, old, ttl); err != nil && why == syscall.EFBIG {
		return err
	}
	if err := b.Set(ctx, key, make([]byte, size), ttl); !errors.Is(err, why) {
		return fmt.Errorf("Set of %d bytes: got error %v, want one that wraps %v", size, err, why)
	}
	if added, err := b.Add(ctx, "new", make([]byte, size), ttl); added || !errors.Is(err, why) {
		return fmt.Errorf("Add of %d bytes: got %v, error %v, want one that wraps %v", size, added, err, why)
	}
	if value, ok, err := b.Get(ctx, key); err != nil || ok && string(value) != string(old) {
		return fmt.Errorf("Get after a Set that failed: got %.20q, %v, error %v, want the value before or a miss", value, ok, err)
	}
	if _, ok, err := b.Get(ctx, "new"); ok || err != nil {
		return fmt.Errorf("Get after an Add that failed: got %v, error %v, want a miss", ok, err)
	}
	return nil
}

func wantNoTemp(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, "*", "temp-*"))
	if len(left) > 0 {
		return fmt.Errorf("got %q left behind, want nothing", left)
	}
	return err
}

func TestWriteThatFailsLeavesNothingBehind(t *testing.T) {
	start(t, "full", t.TempDir(), nil).wantSuccess(t)
}

// childDisks mounts disks of its own: one that is full, one that is read-only.
func childDisks(folder string) error {
	if err := errors.Join(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=512k,mode=700")); err != nil {
		return err
	}
	b, err := filebackend.New(folder, filebackend.Options{Max: 4 << 20}) // more than there is
	if err != nil {
		return err
	}
	defer b.Close()
	for i := 0; err == nil && i < 1000; i++ {
		err = b.Set(ctx, fmt.Sprint("fill", i), make([]byte, 4000), ttl)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("Set on a full disk: got error %v, want one that wraps %v", err, syscall.ENOSPC)
	}
	if err := errors.Join(wantRefused(b, "key", 100<<10, syscall.ENOSPC), wantNoTemp(folder)); err != nil {
		return err
	}
	if err := b.Delete(ctx, "fill0", "fill1", "fill2"); err != nil {
		return fmt.Errorf("Delete on a full disk: got error %w, want none", err)
	}
	if err := b.Set(ctx, "key", []byte(strings.Repeat("new", 100)), ttl); err != nil {
		return fmt.Errorf("Set when there is room again: got error %w, want none", err)
	}
	view := filepath.Join(folder, "view")
	if err := errors.Join(os.Mkdir(view, 0o700), syscall.Mount(folder, view, "", syscall.MS_BIND, ""),
		syscall.Mount("", view, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")); err != nil {
		return err
	}
	if _, err := filebackend.New(view, filebackend.Options{}); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "may write to") {
		return fmt.Errorf("New on a read-only disk: got error %v, want one that wraps %v and tells what is wanted", err, syscall.EROFS)
	}
	return nil
}

// apart starts a child in namespaces of its own; it returns nil where the system
// does not allow that, and nothing is to be tested.
func apart(t *testing.T, what string, uid int, flags uintptr) *child {
	t.Helper()
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | flags,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getegid(), Size: 1}},
	}
	try := exec.Command("true")
	try.SysProcAttr = attr
	if err := try.Run(); err != nil {
		t.Logf("%s is not tested, as this system has no namespaces for it: %v", what, err)
		return nil
	}
	return start(t, what, t.TempDir(), attr)
}

func TestFullAndReadOnlyDisk(t *testing.T) {
	if c := apart(t, "disks", 0, syscall.CLONE_NEWNS); c != nil {
		c.wantSuccess(t)
	}
}

// childDenied is nobody in particular, to whom modes apply.
func childDenied(folder string) error {
	place := filepath.Join(folder, "denied")
	if err := os.Mkdir(place, 0o500); err != nil {
		return err
	}
	if _, err := filebackend.New(place, filebackend.Options{}); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "may write to") {
		return fmt.Errorf("New in a folder of mode 0500: got error %v, want one that tells what is wanted", err)
	}
	b, err := filebackend.New(folder, filebackend.Options{})
	if err != nil {
		return err
	}
	defer b.Close()
	shard := filepath.Dir(filebackend.PathOf(folder, "key"))
	if err := errors.Join(b.Set(ctx, "key", page, ttl), os.Chmod(shard, 0o500)); err != nil {
		return err
	}
	if err := b.Set(ctx, "key", page[:100], ttl); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Set where nothing may be written: got error %v, want one of permission", err)
	}
	if err := b.Delete(ctx, "key"); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Delete where nothing may be written: got error %v, want one of permission", err)
	}
	if value, ok, err := b.Get(ctx, "key"); !ok || err != nil || len(value) != len(page) {
		return fmt.Errorf("Get where nothing may be written: got %d bytes, %v, error %v, want a hit", len(value), ok, err)
	}
	return errors.Join(os.Chmod(shard, 0o700), b.Set(ctx, "key", page[:100], ttl))
}

func TestFolderThatMayNotBeWrittenTo(t *testing.T) {
	if c := apart(t, "denied", 1000, 0); c != nil {
		c.wantSuccess(t)
	}
}

// removeAll removes a folder into which sweeps may write at the same time.
func removeAll(t *testing.T, folder string) {
	t.Helper()
	err := os.RemoveAll(folder)
	for tries := 0; err != nil && tries < 100; tries++ {
		err = os.RemoveAll(folder)
	}
	must(t, err)
}

// Who removes the folder does not part those who use it.
func TestFolderIsRemovedMeanwhile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	one, two := opened(t, folder, filebackend.Options{}), opened(t, folder, filebackend.Options{})
	for i := range 5 {
		for _, value := range [][]byte{page, page[:8]} {
			set(t, one, "key", value)
			wantGet(t, two, "key", value)
			removeAll(t, folder)
			wantGet(t, two, "key", nil)
			set(t, two, "key", value[:len(value)-i])
			wantGet(t, one, "key", value[:len(value)-i])
		}
	}
	// Parts of it.
	set(t, one, "key", page)
	removeAll(t, filepath.Dir(filebackend.PathOf(folder, "key")))
	wantGet(t, one, "key", nil)
	set(t, two, "key", page)
	set(t, one, "key", page[:100])
	wantGet(t, two, "key", page[:100])
}

func TestCloseEndsGoroutinesAndFiles(t *testing.T) {
	folder := t.TempDir()
	count := func() (goroutines, files int) {
		open, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return strings.Count(string(stacks), "filebackend.(*Backend).keepSweeping("), len(open)
	}
	opened(t, folder, filebackend.Options{}).Close() // what stays open for good is open
	_, files := count()
	for range 5 {
		b := opened(t, folder, filebackend.Options{})
		for i := range 200 {
			set(t, b, fmt.Sprint(i), page)
		}
		if sweepers, _ := count(); sweepers != 1 {
			t.Errorf("got %d goroutines while open, want one", sweepers)
		}
		must(t, b.Close())
		must(t, b.Close())
		if err := b.Set(ctx, "key", page, ttl); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Set after Close: got error %v, want one that says so", err)
		}
	}
	if sweepers, f := count(); sweepers != 0 || f > files {
		t.Errorf("got %d goroutines and %d files open after Close, want none and at most %d", sweepers, f, files)
	}
}
