package filebackend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
	"github.com/pongocache/pongocache/internal/ratio"
)

func noFill(context.Context) ([]byte, error) { return nil, errors.New("a miss where a hit was wanted") }

// byHand returns a side that reads a file of that value n times, as a program
// without pongocache would: from a folder inside of an os.Root.
func byHand(b *testing.B, value []byte) func(n int) {
	b.Helper()
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { root.Close() })
	name := fmt.Sprintf("2a/%064x", 42)
	if err := errors.Join(root.Mkdir("2a", 0o700), root.WriteFile(name, value, 0o600)); err != nil {
		b.Fatal(err)
	}
	return func(n int) {
		for range n {
			if got, err := root.ReadFile(name); err != nil || len(got) != len(value) {
				b.Fatalf("got %d bytes, error %v, want %d", len(got), err, len(value))
			}
		}
	}
}

// BenchmarkHit sets hits against os.Root.ReadFile of as many bytes: of the
// Backend alone, and through the engine, which reads the stamps of the entry too.
func BenchmarkHit(b *testing.B) {
	for _, size := range []int{1_000, 20_000} {
		value := bytes.Repeat([]byte("page "), size/5)
		backend := opened(b, b.TempDir(), filebackend.Options{})
		c, err := fragment.New(backend, fragment.Options{Observe: func(_ context.Context, e fragment.Event) {
			if e.Kind == fragment.EventFault {
				b.Log(e.Reason, e.Err, e.Duration)
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		k := fragment.KeyOf("page", size)
		if err := errors.Join(c.Set(ctx, k, value, fragment.Policy{}), backend.Set(ctx, "page", value, ttl)); err != nil {
			b.Fatal(err)
		}
		hand := byHand(b, value)
		b.Run(fmt.Sprintf("Do/bytes=%d", size), func(b *testing.B) {
			ratio.Compare(b, hand, func(n int) {
				for range n {
					if _, err := c.Do(ctx, k, fragment.Policy{}, noFill); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
		b.Run(fmt.Sprintf("Get/bytes=%d", size), func(b *testing.B) {
			ratio.Compare(b, hand, func(n int) {
				for range n {
					if _, ok, err := backend.Get(ctx, "page"); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
		})
	}
}
