package compress_test

import (
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment/compress"
)

var levels = map[compress.Level]string{
	compress.Fastest:  "Fastest",
	compress.Balanced: "Balanced",
	compress.Smallest: "Smallest",
}

// BenchmarkSeal also tells how many times smaller a page becomes.
func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{2 * kib, 20 * kib, 200 * kib} {
		for level := compress.Fastest; level <= compress.Smallest; level++ {
			b.Run(fmt.Sprintf("page of %d KiB, %s", size/kib, levels[level]), func(b *testing.B) {
				benchmarkSeal(b, compress.Options{Level: level}, page(size))
			})
		}
	}
	b.Run("noise of 20 KiB", func(b *testing.B) { benchmarkSeal(b, compress.Options{}, noise(20*kib)) })
	b.Run("page below the threshold", func(b *testing.B) { benchmarkSeal(b, compress.Options{}, page(kib-1)) })
}

func benchmarkSeal(b *testing.B, o compress.Options, entry []byte) {
	transform := newTransform(b, o)
	sealed := seal(b, transform, entry)
	b.SetBytes(int64(len(entry)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transform.Seal(key, entry); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(entry))/float64(len(sealed)), "x-smaller")
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{2 * kib, 20 * kib, 200 * kib} {
		for level := compress.Fastest; level <= compress.Smallest; level++ {
			b.Run(fmt.Sprintf("page of %d KiB, %s", size/kib, levels[level]), func(b *testing.B) {
				benchmarkOpen(b, compress.Options{Level: level}, page(size))
			})
		}
	}
	b.Run("noise of 20 KiB", func(b *testing.B) { benchmarkOpen(b, compress.Options{}, noise(20*kib)) })
}

func benchmarkOpen(b *testing.B, o compress.Options, entry []byte) {
	transform := newTransform(b, o)
	sealed := seal(b, transform, entry)
	b.SetBytes(int64(len(entry)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transform.Open(key, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenOnAllProcessors(b *testing.B) {
	transform := newTransform(b, compress.Options{})
	sealed := seal(b, transform, page(20*kib))
	b.SetBytes(20 * kib)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := transform.Open(key, sealed); err != nil {
				b.Error(err)
			}
		}
	})
}
