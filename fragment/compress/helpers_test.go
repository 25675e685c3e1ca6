package compress_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/compress"
)

// key is one of a Backend; this package does not look at it.
const key = "shop:page/1"

// What is stored begins with one of these, as compress.go documents it.
const (
	asItIs     = 0xc0
	compressed = 0xc1
)

func newTransform(t testing.TB, o compress.Options) *compress.Transform {
	t.Helper()
	transform, err := compress.New(o)
	if err != nil {
		t.Fatalf("New(%+v): %v", o, err)
	}
	return transform
}

// seal returns what is stored for entry, which must neither fail nor change it.
func seal(t testing.TB, transform fragment.Transform, entry []byte) []byte {
	t.Helper()
	before := bytes.Clone(entry)
	sealed, err := transform.Seal(key, entry)
	if err != nil {
		t.Fatalf("Seal of %d bytes: %v", len(entry), err)
	}
	if !bytes.Equal(entry, before) {
		t.Fatalf("Seal changed the %d bytes that it was given", len(entry))
	}
	return sealed
}

// wantOpen tests that sealed opens to entry, and is not changed by that.
func wantOpen(t testing.TB, transform fragment.Transform, sealed, entry []byte) {
	t.Helper()
	before := bytes.Clone(sealed)
	got, err := transform.Open(key, sealed)
	if err != nil || !bytes.Equal(got, entry) {
		t.Errorf("Open: %d bytes, error %v; want the %d bytes that were sealed", len(got), err, len(entry))
	}
	if cap(got) != len(got) {
		t.Errorf("Open: %d bytes with room for %d more behind them, want none", len(got), cap(got)-len(got))
	}
	if !bytes.Equal(sealed, before) {
		t.Errorf("Open changed the %d bytes that it was given", len(sealed))
	}
}

// allocated returns how many bytes of memory f takes, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// page returns HTML of that many bytes, the same ones each time. Its text is
// drawn at random, which real text is not: real pages become smaller.
func page(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("a the of and for with from new sale only today order price stock user review stars " +
		"add remove cart blue green large small shirt lamp table chair cotton wood glass metal")
	word := func() string { return words[random.IntN(len(words))] }
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html><head><title>Shop</title></head><body><table>\n")
	for b.Len() < size {
		fmt.Fprintf(&b, `<tr class="row"><td><a href="/products/%d">%s %s %s</a></td><td class="price">%d.%02d</td><td>`,
			random.IntN(100000), word(), word(), word(), random.IntN(500), random.IntN(100))
		for range 8 + random.IntN(20) {
			b.WriteString(word() + " ")
		}
		b.WriteString("</td></tr>\n")
	}
	return []byte(b.String()[:size])
}

// noise returns bytes that nothing makes smaller, the same ones each time.
func noise(size int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	b := make([]byte, size)
	random.Read(b)
	return b
}
