package filebackend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
	"github.com/pongocache/pongocache/internal/ratio"
)

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// byHand returns a side that reads one after another of many files of that
// value, as a program without pongocache would: in folders inside of an os.Root.
func byHand(b *testing.B, many int, value []byte) func(n int) {
	b.Helper()
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { root.Close() })
	names := make([]string, many)
	for i := range names {
		folder := fmt.Sprintf("%02x", i%64)
		names[i] = fmt.Sprintf("%s/%064x", folder, i)
		root.Mkdir(folder, 0o700)
		if err := root.WriteFile(names[i], value, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	next := 0
	return func(n int) {
		for range n {
			if got, err := root.ReadFile(names[next]); err != nil || len(got) != len(value) {
				b.Fatalf("got %d bytes, error %v, want %d", len(got), err, len(value))
			}
			next = (next + 1) % many
		}
	}
}

// BenchmarkHit sets hits against os.Root.ReadFile of as many bytes: of the
// Backend alone, and through the engine, which reads the stamps of the entry too.
// One key is kept in memory beside its file; of many hardly any is.
func BenchmarkHit(b *testing.B) {
	for _, size := range []int{1_000, 20_000} {
		for _, many := range []int{1, 2000} {
			value := bytes.Repeat([]byte("page "), size/5)
			hand, backend, keys := byHand(b, many, value), opened(b, b.TempDir(), filebackend.Options{}), make([]fragment.Key, many)
			c, err := fragment.New(backend, fragment.Options{ReadTimeout: time.Minute, WriteTimeout: time.Minute})
			if err != nil {
				b.Fatal(err)
			}
			for i := range keys {
				keys[i] = fragment.KeyOf("page", i)
				if err := errors.Join(c.Set(ctx, keys[i], value, fragment.Policy{TTL: ttl}), backend.Set(ctx, fmt.Sprint(i), value, ttl)); err != nil {
					b.Fatal(err)
				}
			}
			compareHits(b, fmt.Sprintf("bytes=%d/keys=%d", size, many), hand, c, backend, keys)
		}
	}
}

func compareHits(b *testing.B, name string, hand func(n int), c *fragment.Cache, backend *filebackend.Backend, keys []fragment.Key) {
	next := 0
	b.Run("Do/"+name, func(b *testing.B) {
		ratio.Compare(b, hand, func(n int) {
			for range n {
				if _, err := c.Do(ctx, keys[next], fragment.Policy{}, noFill); err != nil {
					b.Fatal(err)
				}
				next = (next + 1) % len(keys)
			}
		})
	})
	b.Run("Get/"+name, func(b *testing.B) {
		ratio.Compare(b, hand, func(n int) {
			for i := range n {
				if _, ok, err := backend.Get(ctx, fmt.Sprint(i%len(keys))); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	})
}

// BenchmarkSet sets writes against a temporary file that is written and renamed
// by hand, and tells what a stamp takes.
func BenchmarkSet(b *testing.B) {
	value := bytes.Repeat([]byte("page "), 4000)
	backend := opened(b, b.TempDir(), filebackend.Options{})
	put := func(b *testing.B, key string, value []byte) {
		if err := backend.Set(ctx, key, value, ttl); err != nil {
			b.Fatal(err)
		}
	}
	for name, keys := range map[string]int{"new or replace": 2000, "replace": 1} {
		hand, ours := writeByHand(b, keys, value), 0
		b.Run(name, func(b *testing.B) {
			ratio.Compare(b, hand, func(n int) {
				for range n {
					ours++
					put(b, fmt.Sprint(name, ours%keys), value)
				}
			})
		})
	}
	b.Run("stamp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			put(b, "stamp", value[:8])
		}
	})
}

func writeByHand(b *testing.B, keys int, value []byte) func(n int) {
	b.Helper()
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { root.Close() })
	next := 0
	return func(n int) {
		for range n {
			next++
			name := fmt.Sprintf("%064x", next%keys)
			if err := errors.Join(root.WriteFile("temp", value, 0o600), root.Rename("temp", name)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
