package encrypt_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment/encrypt"
)

const kib = 1 << 10

var sizes = []int{200, 2 * kib, 20 * kib, 200 * kib}

func BenchmarkSeal(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d bytes", size), func(b *testing.B) {
			transform := newTransform(b, keyOf(1))
			entry := bytes.Repeat([]byte("e"), size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := transform.Seal(where, entry); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d bytes", size), func(b *testing.B) {
			transform := newTransform(b, keyOf(1))
			benchmarkOpen(b, transform, seal(b, transform, where, bytes.Repeat([]byte("e"), size)))
		})
	}
	b.Run("20480 bytes of the third key", func(b *testing.B) {
		sealed := seal(b, newTransform(b, keyOf(3)), where, bytes.Repeat([]byte("e"), 20*kib))
		benchmarkOpen(b, newTransform(b, keyOf(1), keyOf(2), keyOf(3)), sealed)
	})
}

func benchmarkOpen(b *testing.B, transform *encrypt.Transform, sealed []byte) {
	b.SetBytes(int64(len(sealed)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transform.Open(where, sealed); err != nil {
			b.Fatal(err)
		}
	}
}
