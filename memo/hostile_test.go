package memo_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

type (
	large struct{ A [1024]int64 }
	Wide  struct {
		B [1024]int64
	}
	embedding struct {
		*Wide
		N int
	}
	listed struct {
		_ struct{} `cbor:",toarray"`
		N int
		P *large
	}
	numbered struct {
		P *large `cbor:"1,keyasint"`
	}
	grove struct {
		Kids []grove
		A    [256]int64 `cbor:",omitzero"`
	}
	mixed struct {
		Any   any
		Rows  []large
		Named map[string]*large
	}
)

// list returns the bytes of a list of n items.
func list(n int, item string) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0x9a}, uint32(n))
	return append(head, strings.Repeat(item, n)...)
}

// numbersTo returns the bytes of a map from 0 … n-1 to item.
func numbersTo(n int, item string) []byte {
	raw := binary.BigEndian.AppendUint32([]byte{0xba}, uint32(n))
	for i := range n {
		raw = binary.BigEndian.AppendUint32(append(raw, 0x1a), uint32(i))
		raw = append(raw, item...)
	}
	return raw
}

// costs stores raw as an answer of type V and checks what its decoding costs.
func costs[V any](t *testing.T, label string, raw []byte) {
	t.Helper()
	c, err := fragment.New(&shelf{}, fragment.Options{}) // unobserved: notes take memory
	mustDo(t, err)
	f := memo.Value(c, "hostile", fragment.Policy{}, func(context.Context) (v V, err error) { return v, nil })
	mustDo(t, f.Err())
	mustDo(t, c.Set(t.Context(), f.Key(), raw, fragment.Policy{}))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_ = mustGet2(f.Get(t.Context()))(t)
	runtime.ReadMemStats(&after)
	if took, most := after.TotalAlloc-before.TotalAlloc, uint64(65<<20+80*len(raw)); took > most {
		t.Errorf("%s: %d bytes made it allocate %d MiB, want at most %d MiB", label, len(raw), took>>20, most>>20)
	}
}

func TestHostileBytesCostLittle(t *testing.T) {
	const null, empty = "\xf6", "\xa0"
	costs[[]large](t, "nulls", list(1<<16, null))
	costs[[]large](t, "empty structs", list(1<<16, empty))
	costs[[]large](t, "nulls behind a tag", append([]byte{0xc1}, list(1<<16, null)...))
	costs[[][1024]int64](t, "empty arrays", list(1<<16, "\x80"))
	costs[[]*large](t, "pointers", list(1<<16, empty))
	costs[[]*large](t, "pointers to tagged nulls", list(1<<16, "\xc1\xf6"))
	costs[[]**large](t, "pointers to pointers", list(1<<16, empty))
	costs[[][]large](t, "lists of few", list(128, string(list(1<<10, null))))
	costs[map[int]large](t, "map", numbersTo(1<<15, null))
	costs[map[string]*large](t, "map with wrong keys", numbersTo(1<<15, null))
	costs[map[large]int](t, "map with large keys", numbersTo(1<<15, "\x00"))
	costs[[]map[int]large](t, "small maps", list(1<<15, "\xa1\x00\xf6"))
	costs[[]embedding](t, "embedded pointers", list(1<<15, "\xa1\x61B\x80"))
	costs[[]embedding](t, "embedded pointers, misspelt", list(1<<15, "\xa1\x61b\x80"))
	costs[[]listed](t, "structs as arrays", list(1<<15, "\x82\x00\xa0"))
	costs[[]numbered](t, "structs with numbers", list(1<<15, "\xa1\x01\xa0"))
	costs[grove](t, "lists of itself", bytes.Join([][]byte{[]byte("\xa1\x64Kids"), list(1<<16, "\xa1\x64Kids\x80")}, nil))
	costs[any](t, "empty maps", list(1<<20, empty))
	costs[any](t, "small maps", list(1<<19, "\xa1\x00\x00"))
	costs[any](t, "lists", list(1<<19, "\x81\x80"))
	costs[[]mixed](t, "mixed", list(1<<10, "\xa1\x64Rows\x9a\x00\x00\x00\x40"+strings.Repeat(null, 64)))
}

// stored checks that a large answer is found again.
func stored[V any](t *testing.T, label string, v V) {
	t.Helper()
	c, seen := newCache(t)
	runs := 0
	f := memo.Value(c, "big", fragment.Policy{}, func(context.Context) (V, error) {
		runs++
		return v, nil
	})
	mustDo(t, f.Err())
	for range 2 {
		_ = mustGet2(f.Get(t.Context()))(t)
	}
	if runs != 1 {
		t.Errorf("%s: loaded %d times, want once; skipped because of %q", label, runs, seen.skips())
	}
}

// filled returns n items whose bytes are worth their size in memory.
func filled[V any](n int, v V) []V {
	all := make([]V, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func TestLargeAnswersAreStored(t *testing.T) {
	const n = 150 // of 8 KiB each, in about 1 KiB
	one := large{A: [1024]int64{1, 2, 3}}
	keyed := map[int]large{}
	for i := range n {
		keyed[i] = one
	}
	stored(t, "structs", filled(n, one))
	stored(t, "pointers", filled(n, &one))
	stored(t, "lists", filled(20, filled(30, one)))
	stored(t, "map", keyed)
	stored(t, "embedded pointers", filled(n, embedding{Wide: &Wide{B: one.A}}))
	stored(t, "structs as arrays", filled(n, listed{P: &one}))
	stored(t, "structs with numbers", filled(n, numbered{P: &one}))
	stored(t, "trees", filled(2*n, grove{Kids: filled(2, grove{}), A: [256]int64{1}}))
	stored(t, "any", any(filled(100_000, any("text that is long"))))
	stored(t, "mixed", filled(200, mixed{
		Any: map[string]any{"a": []any{1, "x", nil}}, Rows: filled(2, one), Named: map[string]*large{"x": &one, "nil": nil},
	}))
}

// What fields leave out where they are zero may be much larger than its bytes.
func TestAnswerThatIsMuchLargerThanItsBytes(t *testing.T) {
	notStored(t, "mostly zero", filled(60_000, grove{}), "64 MiB")
}
