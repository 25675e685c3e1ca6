//go:build linux

package filebackend_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/filebackend"
)

// awaitHot waits until reads of key share a copy.
func awaitHot(t *testing.T, b *filebackend.Backend, key string) {
	t.Helper()
	await(t, "a copy in memory", func() bool {
		one, _, _ := b.Get(ctx, key)
		two, _, _ := b.Get(ctx, key)
		return len(one) > 0 && len(two) > 0 && &one[0] == &two[0]
	})
}

// A copy in memory is not returned after its file has changed in whatever way, by
// whomever.
func TestCopyInMemoryGoesWithItsFile(t *testing.T) {
	folder := t.TempDir()
	b, other := opened(t, folder, filebackend.Options{}), opened(t, folder, filebackend.Options{})
	path, next := filebackend.PathOf(folder, "key"), bytes.Repeat([]byte("next "), 1000)
	changes := map[string]struct {
		change func() error
		want   []byte
	}{
		"Set":               {func() error { return b.Set(ctx, "key", next, ttl) }, next},
		"Set elsewhere":     {func() error { return other.Set(ctx, "key", next, ttl) }, next},
		"small elsewhere":   {func() error { return other.Set(ctx, "key", next[:9], ttl) }, next[:9]},
		"Delete elsewhere":  {func() error { return other.Delete(ctx, "key") }, nil},
		"Touch elsewhere":   {func() error { return other.Touch(ctx, 1, "key") }, nil},
		"truncated":         {func() error { return os.Truncate(path, 100) }, nil},
		"written over":      {func() error { return os.WriteFile(path, make([]byte, len(page)), 0o600) }, nil},
		"sets of that size": {func() error { return twice(other, next) }, next},
	}
	for name, c := range changes {
		set(t, b, "key", page)
		awaitHot(t, b, "key")
		for range 3 {
			wantGet(t, b, "key", page)
		}
		must(t, c.change())
		if got, ok, err := b.Get(ctx, "key"); err != nil || ok != (c.want != nil) || !bytes.Equal(got, c.want) {
			t.Errorf("Get after %s: got %.20q, ok %v, error %v, want %.20q", name, got, ok, err, c.want)
		}
	}
}

func twice(b *filebackend.Backend, value []byte) error {
	for range 20 { // so that the number of the first file is given to another one
		if err := b.Set(ctx, "key", page, ttl); err != nil {
			return err
		}
		if err := b.Delete(ctx, "key"); err != nil {
			return err
		}
	}
	return b.Set(ctx, "key", value, ttl)
}

// A copy ends when its entry does.
func TestCopyInMemoryEndsInTime(t *testing.T) {
	b := opened(t, t.TempDir(), filebackend.Options{})
	must(t, b.Set(ctx, "key", page, 2*time.Second))
	awaitHot(t, b, "key")
	began := time.Now()
	await(t, "the end of the entry", func() bool { _, ok, _ := b.Get(ctx, "key"); return !ok })
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("an entry for 2s: was got %v after it was read", took)
	}
}
