package fragment_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

type (
	userID   int64
	slug     string
	flag     bool
	ratio    float64
	blob     []byte
	octet    byte
	uuid     [16]byte
	pathname []slug
)

// page is a type that tells its identity.
type page struct{ id string }

func (p page) CacheKey() string { return p.id }

// visitor tells its identity by pointer only.
type visitor struct{ id string }

func (v *visitor) CacheKey() string { return v.id }

// loud is a string that tells another identity than itself.
type loud string

func (l loud) CacheKey() string { return strings.ToUpper(string(l)) }

func ptr[T any](v T) *T { return &v }

// Everything in one row is the same part, and no two rows are.
func TestKeyOfTellsPartsApart(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	deep := ptr(ptr(7))
	rows := [][]any{
		{nil, (*int)(nil), (*string)(nil), []byte(nil), []string(nil), blob(nil), (*page)(nil), (**int)(nil), ptr((*int)(nil))},
		{"", slug(""), ptr("")},
		{[]byte{}, blob{}},
		{[]string{}, []int{}, [0]int{}, []any{}},
		{"0", slug("0")},
		{"1"},
		{"i1"},
		{"|i1"},
		{[]byte("1"), blob("1"), []octet{'1'}, ptr([]byte("1"))},
		{[]byte{0}},
		{0, int8(0), uint64(0), uintptr(0), userID(0), ptr(0)},
		{1, int16(1), uint32(1), userID(1), ptr(userID(1))},
		{7, *deep, deep, &deep},
		{-1, int64(-1)},
		{math.MinInt64},
		{math.MaxInt64, uint64(math.MaxInt64)},
		{uint64(math.MaxInt64 + 1)},
		{uint64(math.MaxUint64)},
		{true, flag(true), ptr(true)},
		{false, flag(false)},
		{0.0, float32(0), ratio(0)},
		{math.Copysign(0, -1)},
		{1.0, float32(1), ratio(1)},
		{0.1},
		{float32(0.1)},
		{math.Inf(1)},
		{math.Inf(-1)},
		{math.Float64frombits(0x7ff8000000000001)},
		{math.Float64frombits(0x7ff8000000000002)},
		{complex(1, 0), complex64(1)},
		{complex(0, 1)},
		{complex(1, 1)},
		{noon, ptr(noon), noon.In(time.FixedZone("elsewhere", 3600)), noon.Local()},
		{noon.Add(1)},
		{noon.Add(-time.Second)},
		{time.Time{}},
		{time.Unix(0, 0)},
		{page{"home"}, &page{"home"}, &visitor{"home"}},
		{page{"HOME"}, loud("home"), loud("HOME")},
		{page{""}},
		{"home"},
		{slug("HOME"), "HOME"},
		{[]int{1}, []any{1}, [1]userID{1}, []uint64{1}, [1]byte{1}},
		{[]any{"1"}, []string{"1"}, pathname{"1"}},
		{[]any{1, 2}, []int{1, 2}, [2]byte{1, 2}},
		{[]any{2, 1}},
		{[]any{[]int{1}, 2}},
		{[]any{1, []int{2}}},
		{[]any{[]int{1, 2}}},
		{[]any{[]any{[]int{1}}, 2}},
		{[]any{nil}, []*int{nil}},
		{[]any{[]any{}}},
		{[]any{"", ""}},
		{[]any{""}},
		{[]byte{1, 2}},
		{uuid{1, 2, 3}, [16]byte{1, 2, 3}},
		{uuid{1, 2, 4}},
		{[]*visitor{{"a"}, {"b"}}, []page{{"a"}, {"b"}}},
		{netip.MustParsePrefix("10.0.0.0/8").String()},
	}
	owner := make(map[fragment.Key]int)
	for i, row := range rows {
		for _, part := range row {
			k := fragment.KeyOf("n", part)
			if err := k.Err(); err != nil {
				t.Errorf("KeyOf(%T(%v)): %v", part, part, err)
			}
			if j, taken := owner[k]; taken && j != i {
				t.Errorf("%T(%v) has the key of another row, %v", part, part, rows[j])
			}
			owner[k] = i
			if k != fragment.KeyOf("n", row[0]) {
				t.Errorf("%T(%v) has another key than %T(%v)", part, part, row[0], row[0])
			}
		}
	}
}

func TestKeyOfSplitsPartsOneWay(t *testing.T) {
	keys := map[string]fragment.Key{
		"no part":            fragment.KeyOf("a"),
		"nil":                fragment.KeyOf("a", nil),
		"two nils":           fragment.KeyOf("a", nil, nil),
		"empty":              fragment.KeyOf("a", ""),
		"a,b":                fragment.KeyOf("a", "a", "b"),
		"ab":                 fragment.KeyOf("a", "ab"),
		"ab,":                fragment.KeyOf("a", "ab", ""),
		"a:b":                fragment.KeyOf("a", "a:b"),
		"a|s1.b":             fragment.KeyOf("a", "a|s1.b"),
		"[a b]":              fragment.KeyOf("a", []string{"a", "b"}),
		"[a],b":              fragment.KeyOf("a", []string{"a"}, "b"),
		"12":                 fragment.KeyOf("a", 12),
		"1,2":                fragment.KeyOf("a", 1, 2),
		"name a|s1.a, b":     fragment.KeyOf("a|s1.a", "b"),
		"name aa":            fragment.KeyOf("aa"),
		"name a, long":       fragment.KeyOf("a", strings.Repeat("x", 70_000)),
		"name a, longer":     fragment.KeyOf("a", strings.Repeat("x", 70_001)),
		"name a, long split": fragment.KeyOf("a", strings.Repeat("x", 69_999), "x"),
	}
	seen := make(map[fragment.Key]string)
	for name, k := range keys {
		if err := k.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other, known := seen[k]; known {
			t.Errorf("%q and %q have the same key", name, other)
		}
		seen[k] = name
	}
}

func TestKeyOfIsTheSameEachTime(t *testing.T) {
	make := func() fragment.Key {
		return fragment.KeyOf("product", 42, "de", []string{"a"}, strings.Repeat("z", 500))
	}
	if one, other := make(), make(); one != other {
		t.Error("the same name and parts have two keys")
	}
}

func TestKeyPrintsItsNameOnly(t *testing.T) {
	for _, name := range []string{"user page", "\x00", "größe", strings.Repeat("n", 300)} {
		k := fragment.KeyOf(name, "a secret")
		if k.Name() != name || k.String() != name {
			t.Errorf("KeyOf(%q): Name %q, String %q", name, k.Name(), k.String())
		}
	}
}
