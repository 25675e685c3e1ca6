package fragment_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Each method of a KeyBuilder adds the part that KeyOf makes of such a value.
func TestKeyBuilderIsKeyOf(t *testing.T) {
	now := time.Unix(1e9, 7)
	rows := []struct {
		part any
		add  func(*fragment.KeyBuilder)
	}{
		{"s", func(b *fragment.KeyBuilder) { b.String("s") }},
		{-7, func(b *fragment.KeyBuilder) { b.Int(-7) }},
		{int64(math.MinInt64), func(b *fragment.KeyBuilder) { b.Int(math.MinInt64) }},
		{uint64(math.MaxUint64), func(b *fragment.KeyBuilder) { b.Uint(math.MaxUint64) }},
		{7, func(b *fragment.KeyBuilder) { b.Uint(7) }},
		{true, func(b *fragment.KeyBuilder) { b.Bool(true) }},
		{false, func(b *fragment.KeyBuilder) { b.Bool(false) }},
		{1.5, func(b *fragment.KeyBuilder) { b.Float(1.5) }},
		{[]byte("b"), func(b *fragment.KeyBuilder) { b.Bytes([]byte("b")) }},
		{[]byte{}, func(b *fragment.KeyBuilder) { b.Bytes(nil) }},
		{now, func(b *fragment.KeyBuilder) { b.Time(now) }},
		{nil, func(b *fragment.KeyBuilder) { b.Nil() }},
		{[]any{1, "x"}, func(b *fragment.KeyBuilder) { b.Part([]any{1, "x"}) }},
	}
	var b fragment.KeyBuilder
	for _, space := range []fragment.Space{"", "tag"} {
		for _, row := range rows {
			b.Start(space, "n")
			row.add(&b)
			row.add(&b)
			if got, want := b.Key(), space.Key("n", row.part, row.part); got != want {
				t.Errorf("%T(%v) twice in space %q: the builder makes another key than KeyOf", row.part, row.part, space)
			}
		}
	}
}

// What was begun before Start leaves no trace.
func TestKeyBuilderIsUsedAgain(t *testing.T) {
	var b fragment.KeyBuilder
	for _, before := range []func(){
		func() { b.Start("tag", "other"); b.String(strings.Repeat("x", 1000)) },
		func() { b.Start("", "bad"); b.Part(account{}) },
		func() { b.Start("a b", "") },
		func() { b.Start("", "n"); b.Key() },
	} {
		before()
		b.Start("", "n")
		b.Int(1)
		if b.Key() != fragment.KeyOf("n", 1) {
			t.Error("a builder that was used before makes another key")
		}
	}
}

func TestKeyBuilderWithoutStartMakesNoKey(t *testing.T) {
	var b fragment.KeyBuilder
	if b.Key().Err() == nil {
		t.Error("a builder without a name made a valid key")
	}
	b.String("x")
	if b.Key().Err() == nil {
		t.Error("a builder without a name made a valid key of one part")
	}
}

// A part may begin in the builder's own room and end outside of it.
func TestKeyBuilderSpillsAnywhere(t *testing.T) {
	seen := make(map[fragment.Key]int)
	for n := range 300 {
		k := fragment.KeyOf("n", strings.Repeat("x", n), 123456789, true, []byte("yyyyyyyyyyyy"), nil)
		if other, taken := seen[k]; taken {
			t.Errorf("%d and %d bytes make the same key", n, other)
		}
		seen[k] = n
	}
}

// A clone and what it was cloned from go their own ways, however long they are.
func TestKeyBuilderClonesGoTheirOwnWays(t *testing.T) {
	for n := range 400 {
		begun := strings.Repeat("x", n)
		var b fragment.KeyBuilder
		b.Start("", "n")
		b.String(begun)
		one, two := b.Clone(), b.Clone()
		one.String("one")
		b.String("b")
		two.String("two")
		three := one.Clone()
		three.String("three")
		one.Int(1)
		for want, got := range map[string][2]fragment.Key{
			"b":     {b.Key(), fragment.KeyOf("n", begun, "b")},
			"one":   {one.Key(), fragment.KeyOf("n", begun, "one", 1)},
			"two":   {two.Key(), fragment.KeyOf("n", begun, "two")},
			"three": {three.Key(), fragment.KeyOf("n", begun, "one", "three")},
		} {
			if got[0] != got[1] {
				t.Fatalf("%d bytes: %s has another key than it should", n, want)
			}
		}
	}
}

func TestKeyBuilderAllocatesTheKeyOnly(t *testing.T) {
	var k fragment.Key
	allocs := testing.AllocsPerRun(100, func() {
		var b fragment.KeyBuilder
		b.Start("page", "GET")
		b.String("/products")
		b.Int(42)
		b.Bool(true)
		b.Time(time.Unix(1e9, 0))
		k = b.Key()
	})
	if allocs > 1 || k.Err() != nil {
		t.Errorf("a key takes %v allocations, want 1", allocs)
	}
}
