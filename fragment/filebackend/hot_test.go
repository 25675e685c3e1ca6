//go:build linux

package filebackend_test

import (
	"bytes"
	"errors"
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
	next := bytes.Repeat([]byte("next "), 1000)
	changes := map[string]struct {
		change func(key string) error
		want   []byte
	}{
		"Set":              {func(key string) error { return b.Set(ctx, key, next, ttl) }, next},
		"Set elsewhere":    {func(key string) error { return other.Set(ctx, key, next, ttl) }, next},
		"small elsewhere":  {func(key string) error { return other.Set(ctx, key, next[:9], ttl) }, next[:9]},
		"Delete elsewhere": {func(key string) error { return other.Delete(ctx, key) }, nil},
		"Touch elsewhere":  {func(key string) error { return other.Touch(ctx, 1, key) }, nil},
		"truncated":        {func(key string) error { return os.Truncate(filebackend.PathOf(folder, key), 100) }, nil},
		"written over": {func(key string) error {
			return os.WriteFile(filebackend.PathOf(folder, key), make([]byte, 5046), 0o600)
		}, nil},
		"sets of that size": {func(key string) error { return setOften(other, key, next) }, next},
	}
	for key := range changes {
		set(t, b, key, page)
	}
	for key, c := range changes {
		awaitHot(t, b, key)
		wantGet(t, b, key, page)
		must(t, c.change(key))
		if got, ok, err := b.Get(ctx, key); err != nil || ok != (c.want != nil) || !bytes.Equal(got, c.want) {
			t.Errorf("Get after %s: got %.20q, ok %v, error %v, want %.20q", key, got, ok, err, c.want)
		}
	}
}

// setOften replaces a file so often that another one is given its number.
func setOften(b *filebackend.Backend, key string, value []byte) error {
	for range 20 {
		if err := errors.Join(b.Set(ctx, key, page, ttl), b.Delete(ctx, key)); err != nil {
			return err
		}
	}
	return b.Set(ctx, key, value, ttl)
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
