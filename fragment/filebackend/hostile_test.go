//go:build linux

package filebackend_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// page is a value that is kept in a file.
var page = bytes.Repeat([]byte("page "), 1000)

func set(t testing.TB, b *filebackend.Backend, key string, value []byte) {
	t.Helper()
	if err := b.Set(ctx, key, value, ttl); err != nil {
		t.Fatalf("Set(%q, %d bytes): got error %v, want none", key, len(value), err)
	}
}

// wantGet requires that key holds value; nil is a miss.
func wantGet(t testing.TB, b *filebackend.Backend, key string, value []byte) {
	t.Helper()
	got, ok, err := b.Get(ctx, key)
	if err != nil || ok != (value != nil) || !bytes.Equal(got, value) {
		t.Errorf("Get(%q): got %.40q, ok %v, error %v, want %.40q, ok %v", key, got, ok, err, value, value != nil)
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A crash of the machine may leave the first part of a file, or zeros.
func TestTruncatedFileIsAMiss(t *testing.T) {
	folder := t.TempDir()
	b, path := opened(t, folder, filebackend.Options{}), filebackend.PathOf(folder, "key")
	set(t, b, "key", page)
	whole := read(t, path)
	for n := range len(whole) {
		if n > 100 && n%97 != 0 {
			continue
		}
		write(t, path, whole[:n])
		wantGet(t, b, "key", nil)
		write(t, path, append(bytes.Clone(whole[:n]), make([]byte, len(whole)-n)...))
		wantGet(t, b, "key", nil)
	}
	write(t, path, append(bytes.Clone(whole), 0))
	wantGet(t, b, "key", nil)
	write(t, path, whole)
	wantGet(t, b, "key", page)
	os.Truncate(path, 20)
	if added, err := b.Add(ctx, "key", page, ttl); !added || err != nil {
		t.Errorf("Add over a truncated file: got %v, error %v, want true", added, err)
	}
	wantGet(t, b, "key", page)
}

func TestFlippedBitIsAMiss(t *testing.T) {
	folder := t.TempDir()
	b, path := opened(t, folder, filebackend.Options{}), filebackend.PathOf(folder, "key")
	set(t, b, "key", page)
	whole := read(t, path)
	for at := range len(whole) {
		if at > 100 && at%97 != 0 {
			continue
		}
		for bit := range 8 {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 1 << bit
			write(t, path, damaged)
			got, ok, err := b.Get(ctx, "key")
			if unused := at == 10 || at == 11 || at >= 36 && at < 40; ok != unused || err != nil || ok && !bytes.Equal(got, page) {
				t.Fatalf("Get with bit %d of byte %d flipped: got %.20q, ok %v, error %v, want a miss", bit, at, got, ok, err)
			}
		}
	}
}

// A file is an entry of the key that it names, whatever its own name.
func TestFileOfAnotherKeyIsAMiss(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, filebackend.Options{})
	set(t, b, "rich", page)
	set(t, b, "poor", page)
	write(t, filebackend.PathOf(folder, "poor"), read(t, filebackend.PathOf(folder, "rich")))
	wantGet(t, b, "poor", nil)
	wantGet(t, b, "rich", page)
}

// A length that a file only claims to have takes no memory.
func TestClaimedLengthTakesNoMemory(t *testing.T) {
	folder := t.TempDir()
	b, path := opened(t, folder, filebackend.Options{}), filebackend.PathOf(folder, "key")
	set(t, b, "key", page)
	whole := read(t, path)
	for _, length := range []uint64{1 << 62, 1 << 63, 1<<64 - 1, 1 << 30, uint64(len(page)) + 1} {
		damaged := bytes.Clone(whole)
		binary.LittleEndian.PutUint64(damaged[16:], length)
		write(t, path, damaged)
		wantGet(t, b, "key", nil)
		must(t, os.Truncate(path, 1<<40)) // a hole that is no entry
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			wantGet(t, b, "key", nil)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("10 times Get of a file that claims %d bytes: allocated %d, want next to nothing", length, took)
		}
	}
}
