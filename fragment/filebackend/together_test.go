//go:build linux

package filebackend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// childHold has the lock of a shard until it is killed.
func childHold(folder string) error {
	file, err := os.Open(filepath.Dir(filebackend.PathOf(folder, "key")))
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "held"), nil, 0o600); err != nil {
		return err
	}
	time.Sleep(time.Minute) // longer than the test takes, which kills it
	return file.Close()
}

// A process that is stopped while it has a lock keeps nobody from reading, and
// from writing no longer than ctx lasts or the Backend is open.
func TestLockOfAStoppedProcess(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{})
	set(t, b, "key", page)
	holder := start(t, "hold", folder, nil)
	await(t, "the lock of another process", func() bool { _, err := os.Stat(filepath.Join(folder, "held")); return err == nil })
	must(t, holder.Process.Signal(syscall.SIGSTOP))

	wantGet(t, b, "key", page)
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := b.Set(brief, "key", page[:100], ttl)
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("Set beside a stopped process: got error %v after %v, want the end of its ctx after 50ms", err, took)
	}
	left := make(chan error)
	waiting := opened(t, folder, filebackend.Options{})
	go func() { left <- waiting.Set(ctx, "key", page[:200], ttl) }()
	select {
	case err := <-left:
		t.Errorf("Set beside a stopped process: got error %v at once, want that it waits", err)
	case <-time.After(20 * time.Millisecond):
	}
	waiting.Close()
	if err := <-left; err == nil {
		t.Error("Set when the Backend was closed: got no error, want one")
	}
	wantGet(t, b, "key", page)
	must(t, holder.Process.Kill())
	holder.Wait()
	set(t, b, "key", page[:300])
	wantGet(t, b, "key", page[:300])
}

// childFill fills as much as ten times the bound.
func childFill(folder string) error {
	b, err := filebackend.New(folder, filebackend.Options{Max: 2 << 20})
	for i := 0; err == nil && i < 1000; i++ {
		err = b.Set(ctx, fmt.Sprint(os.Getpid(), " ", i), bytes.Repeat([]byte{1}, 20_000), ttl)
	}
	return err
}

// The bound holds for all processes together: what is on the disk is never
// more than it and what each of them is writing.
func TestBoundHoldsForSeveralProcesses(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{Max: 2 << 20})
	one, two := start(t, "fill", folder, nil), start(t, "fill", folder, nil)
	done := make(chan struct{})
	go func() { one.Wait(); two.Wait(); close(done) }()
	most, writing := int64(0), int64(256<<10) // and what comes and goes while it is counted here
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		most = max(most, onDisk(folder))
	}
	if most > 2<<20+writing || most < 1<<20 {
		t.Errorf("two processes with a bound of %d bytes: took up to %d, want no more than that and %d", 2<<20, most, writing)
	}
	if one.err.Len()+two.err.Len() > 0 {
		t.Errorf("processes that fill: %s%s", &one.err, &two.err)
	}
	u := b.Usage()
	if disk := onDisk(folder); disk > u.Capacity || u.Bytes < disk || u.Bytes > u.Capacity {
		t.Errorf("got %+v with %d bytes on disk, want no less than these and no more than the capacity", u, disk)
	}
	if u.Entries < 60 {
		t.Errorf("got %d entries of 20 KB left in 2 MiB, want most of what fits", u.Entries)
	}
}

// onDisk is what all files take, whole blocks each. Some may go meanwhile.
func onDisk(folder string) (sum int64) {
	filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				sum += (info.Size() + 4095) / 4096 * 4096
			}
		}
		return nil
	})
	return sum
}
