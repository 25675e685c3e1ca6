package fragment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// reference is a key as a person would write it down: each part with the name
// of its kind, quoted, and in brackets what belongs together. It is slow, and
// clearly injective.
func reference(space fragment.Space, name string, parts []any) string {
	return fmt.Sprintf("%q %q %s", string(space), name, referenceList(parts))
}

func referenceList(parts []any) string {
	var b strings.Builder
	b.WriteByte('[')
	for _, part := range parts {
		b.WriteString(referencePart(part))
		b.WriteString(", ")
	}
	b.WriteByte(']')
	return b.String()
}

func referencePart(part any) string {
	switch v := part.(type) {
	case nil, *int:
		return "nil"
	case string, slug:
		return fmt.Sprintf("string %q", v)
	case []byte:
		return fmt.Sprintf("bytes %q", v)
	case int, int8, int64, uint8, uint64, userID:
		return fmt.Sprintf("whole %d", v)
	case bool:
		return fmt.Sprintf("bool %t", v)
	case float64:
		return fmt.Sprintf("float %x", math.Float64bits(v))
	case complex128:
		return fmt.Sprintf("complex %x %x", math.Float64bits(real(v)), math.Float64bits(imag(v)))
	case time.Time:
		return fmt.Sprintf("time %s", v.UTC().Format(time.RFC3339Nano))
	case page:
		return fmt.Sprintf("keyed %q", v.id)
	case *slug:
		return referencePart(string(*v))
	case []any:
		return "list " + referenceList(v)
	}
	panic(fmt.Sprintf("no reference for a %T", part))
}

// A dice makes keys out of bytes: the same bytes make the same key. Its words
// are few and look like the text of keys, so that mistakes meet.
type dice struct{ left []byte }

func (d *dice) throw(sides int) int {
	if len(d.left) == 0 {
		return 0
	}
	n := int(d.left[0]) % sides
	d.left = d.left[1:]
	return n
}

var words = []string{
	"", "a", "b", "ab", "a|b", "|", "#", "!", "~", "s1.a", "|s1.a", "n", "|n", "l1", "1", "0", ".", "1.a", "i1",
	" ", "\x00", "é", "\xff", "tag!a", "p~a", "p", "~1.a", "a#b", strings.Repeat("a", 47), strings.Repeat("a", 48),
	strings.Repeat("a", 49), strings.Repeat("b", 120), strings.Repeat("c", 200),
}

func (d *dice) word() string { return words[d.throw(len(words))] }

func (d *dice) name() string {
	if w := d.word(); w != "" {
		return w
	}
	return "name"
}

func (d *dice) space() fragment.Space {
	return []fragment.Space{"", "tag", "p", "a"}[d.throw(4)]
}

func (d *dice) parts(depth int) []any {
	parts := make([]any, d.throw(4))
	for i := range parts {
		parts[i] = d.part(depth)
	}
	return parts
}

var numbers = []int64{0, 1, -1, 2, 10, 11, 12, 1 << 62, math.MinInt64}

func (d *dice) part(depth int) any {
	w, n := d.word(), numbers[d.throw(len(numbers))]
	makers := []func() any{
		func() any { return nil }, func() any { return (*int)(nil) },
		func() any { return w }, func() any { return slug(w) }, func() any { return ptr(slug(w)) },
		func() any { return []byte(w) }, func() any { return page{w} },
		func() any { return n }, func() any { return int8(n) }, func() any { return uint64(n) },
		func() any { return userID(n) }, func() any { return uint8(n) },
		func() any { return n%2 == 0 }, func() any { return float64(n) }, func() any { return -float64(n) },
		func() any { return math.Float64frombits(uint64(n)) }, func() any { return complex(float64(n), 0) },
		func() any { return time.Unix(n%1e9, n%7).In(time.FixedZone("z", int(n%3600))) },
		func() any {
			if depth == 0 {
				return w
			}
			return d.parts(depth - 1)
		},
	}
	return makers[d.throw(len(makers))]()
}

// wantInjective tests that two keys are the same if and only if their
// references are.
func wantInjective(t *testing.T, a, b []byte) {
	t.Helper()
	da, db := dice{a}, dice{b}
	spaceA, nameA, partsA := da.space(), da.name(), da.parts(3)
	spaceB, nameB, partsB := db.space(), db.name(), db.parts(3)
	keyA, keyB := spaceA.Key(nameA, partsA...), spaceB.Key(nameB, partsB...)
	refA, refB := reference(spaceA, nameA, partsA), reference(spaceB, nameB, partsB)
	if keyA.Err() != nil || keyB.Err() != nil {
		t.Fatalf("invalid keys: %v, %v\n%s\n%s", keyA.Err(), keyB.Err(), refA, refB)
	}
	if (keyA == keyB) != (refA == refB) {
		t.Fatalf("same key %t, same reference %t:\n%s\n%s", keyA == keyB, refA == refB, refA, refB)
	}
}

func FuzzKeyOfIsInjective(f *testing.F) {
	f.Add([]byte{0, 4, 2, 1, 0, 2, 8, 0, 2}, []byte{0, 4, 1, 8, 0, 2})
	f.Add([]byte{0, 3, 1, 9, 1, 2}, []byte{0, 10, 0})
	f.Add([]byte{1, 1, 3, 18, 1, 7, 7}, []byte{2, 1, 3, 18, 2, 7})
	f.Fuzz(wantInjective)
}

// The same with chance for a guide: b differs from a in a byte or two, so that
// both the same and nearly the same keys come up.
func TestKeyOfAgainstReference(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 10_000 {
		a := make([]byte, 4+r.IntN(16))
		for i := range a {
			a[i] = byte(r.Uint32())
		}
		b := append([]byte(nil), a...)
		for range r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		wantInjective(t, a, b)
	}
}
