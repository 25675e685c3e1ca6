package filebackend_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// Any bytes in the place of a file are a miss, except for those that Set writes.
func FuzzFile(f *testing.F) {
	whole := filebackend.EntryFile("key", []byte("value"), math.MaxInt64)
	f.Add(whole)
	f.Add(whole[:40])
	f.Add(whole[:len(whole)-1])
	f.Add([]byte("pongofc1"))
	f.Add([]byte{})
	folder := f.TempDir()
	b := opened(f, folder, filebackend.Options{})
	path := filebackend.PathOf(folder, "key")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		valid := filebackend.ReadEntry(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		value, ok, err := b.Get(ctx, "key")
		if err != nil || ok && (!valid || len(value) > len(data)) {
			t.Errorf("Get of a file with %q: got %q, ok %v, error %v, want a miss", data, value, ok, err)
		}
		if err := b.Touch(ctx, ttl, "key"); err != nil {
			t.Errorf("Touch of a file with %q: got error %v, want none", data, err)
		}
	})
}

// Any bytes in the table are free records, or some of at most 32 bytes.
func FuzzRecord(f *testing.F) {
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		var raw [64]byte
		copy(raw[:], data)
		if value, ok := filebackend.ReadRecord(raw); ok && (len(value) > 32 || raw[29] != 1) {
			t.Errorf("the record %x: got %q, want a free one", raw, value)
		}
	})
}
