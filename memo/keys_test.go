package memo_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// keysOf returns the keys of a loader for some arguments.
func keysOf[K any](t testing.TB, arguments ...K) []fragment.Key {
	t.Helper()
	c, _ := newCache(t)
	f := memo.New(c, "k", fragment.Policy{}, noLoad[K, int])
	mustDo(t, f.Err())
	keys := make([]fragment.Key, len(arguments))
	for i, k := range arguments {
		keys[i] = f.Key(k)
		if err := keys[i].Err(); err != nil {
			t.Errorf("%T %v: %v", k, k, err)
		}
		if again := f.Key(k); again != keys[i] {
			t.Errorf("%T %v: another key the second time", k, k)
		}
	}
	return keys
}

func allDiffer(t *testing.T, keys []fragment.Key) {
	t.Helper()
	seen := map[fragment.Key]int{}
	for i, key := range keys {
		if other, ok := seen[key]; ok {
			t.Errorf("arguments %d and %d have one key", other, i)
		}
		seen[key] = i
	}
}

func TestKeysOfDifferentArgumentsDiffer(t *testing.T) {
	zero, one := 0, 1
	nilInt, toOne := (*int)(nil), &one
	type pair struct{ A, B string }
	type nested struct {
		P pair
		L []string
		M [][]byte
	}
	type timed struct {
		At time.Time
		F  float64
	}
	now := time.Now()
	allDiffer(t, keysOf(t, "", "a", "b", "ab", "1", strings.Repeat("x", 70_000), strings.Repeat("x", 70_001), "\xff", "\x00"))
	allDiffer(t, keysOf[int8](t, -128, -1, 0, 1, 127))
	allDiffer(t, keysOf[int16](t, -1<<15, -128, -1, 0, 1, 1<<15-1))
	allDiffer(t, keysOf[int32](t, -1<<31, -1<<15, -1, 0, 1, 1<<31-1))
	allDiffer(t, keysOf[int64](t, -1<<63, -1<<31, -1, 0, 1, 1<<63-1))
	allDiffer(t, keysOf[time.Duration](t, -1<<63, -1, 0, 1, 1<<63-1))
	allDiffer(t, keysOf(t, -1<<31, -1, 0, 1, 1<<31-1))
	allDiffer(t, keysOf[uint8](t, 0, 1, 1<<8-1))
	allDiffer(t, keysOf[uint16](t, 0, 1, 1<<8, 1<<16-1))
	allDiffer(t, keysOf[uint32](t, 0, 1, 1<<16, 1<<32-1))
	allDiffer(t, keysOf[uint64](t, 0, 1, 1<<32, 1<<63, 1<<64-1))
	allDiffer(t, keysOf[uint](t, 0, 1, 1<<31, 1<<32-1))
	allDiffer(t, keysOf[uintptr](t, 0, 1))
	allDiffer(t, keysOf(t, false, true))
	allDiffer(t, keysOf(t, 1+2i, 2+1i, 1))
	allDiffer(t, keysOf[named](t, "", "a", "1"))
	allDiffer(t, keysOf(t, nil, []byte{}, []byte{0}, []byte{0, 0}))
	allDiffer(t, keysOf(t, nil, &zero, &one))
	allDiffer(t, keysOf(t, nil, &nilInt, &toOne))
	allDiffer(t, keysOf(t, nil, []*int{}, []*int{nil}, []*int{nil, nil}, []*int{&zero}))
	allDiffer(t, keysOf(t, nil, [][]string{}, [][]string{nil}, [][]string{{}}, [][]string{{"a", "b"}}, [][]string{{"a"}, {"b"}}, [][]string{{"a", "b"}, {}}))
	allDiffer(t, keysOf(t, pair{}, pair{"a", ""}, pair{"", "a"}, pair{"a", "b"}, pair{"ab", ""}, pair{"b", "a"}, pair{"a|s1.b", ""}))
	allDiffer(t, keysOf(t, nested{}, nested{L: []string{}}, nested{L: []string{""}}, nested{P: pair{B: "x"}}, nested{L: []string{"x"}},
		nested{M: [][]byte{nil}}, nested{M: [][]byte{{}}}, nested{M: [][]byte{{}, nil}}, nested{L: []string{"", ""}}))
	allDiffer(t, keysOf(t, timed{}, timed{At: now}, timed{At: now.Add(1)}, timed{F: 1}, timed{F: 1 + 1e-16*5}))
	allDiffer(t, keysOf(t, [2]string{"a", "b"}, [2]string{"ab", ""}, [2]string{"", "ab"}))
}

func TestKeysOfOneArgument(t *testing.T) {
	one, other := 1, 1
	if keys := keysOf(t, &one, &other); keys[0] != keys[1] {
		t.Error("two pointers to 1 have two keys")
	}
	at := time.Now()
	if keys := keysOf(t, at, at.UTC().Round(0)); keys[0] != keys[1] {
		t.Error("one instant has two keys")
	}
	if keys := keysOf(t, keyed{}, keyed{f: func() {}}); keys[0] != keys[1] {
		t.Error("one CacheKey has two keys")
	}
	if keys := keysOf(t, pkeyed{}, pkeyed{m: map[string]int{"a": 1}}); keys[0] != keys[1] {
		t.Error("one CacheKey of the address has two keys")
	}
	if keys := keysOf[interface{ CacheKey() string }](t, nil, keyed{}, &pkeyed{}); keys[0] == keys[1] || keys[1] == keys[2] {
		t.Error("nil, k and p do not have three keys")
	}
}

// What a loader is keyed by is also its type: one name with other types of
// arguments or answers is another loader.
func TestKeysOfDifferentTypesDiffer(t *testing.T) {
	c, _ := newCache(t)
	p := fragment.Policy{}
	type A struct{ X int }
	type B struct{ X int }
	type tagged struct {
		X int `json:"x"`
	}
	type aTree struct {
		V    int
		Kids []aTree
	}
	keys := []fragment.Key{
		memo.New(c, "k", p, noLoad[int, int]).Key(1),
		memo.New(c, "k", p, noLoad[int64, int]).Key(1),
		memo.New(c, "k", p, noLoad[string, int]).Key("1"),
		memo.New(c, "k", p, noLoad[named, int]).Key("1"),
		memo.New(c, "k", p, noLoad[int, int64]).Key(1),
		memo.New(c, "k", p, noLoad[int, *int64]).Key(1),
		memo.New(c, "k", p, noLoad[int, []int64]).Key(1),
		memo.New(c, "k", p, noLoad[int, [1]int64]).Key(1),
		memo.New(c, "k", p, noLoad[int, [2]int64]).Key(1),
		memo.New(c, "k", p, noLoad[int, A]).Key(1),
		memo.New(c, "k", p, noLoad[int, B]).Key(1),
		memo.New(c, "k", p, noLoad[int, struct{ X int }]).Key(1),
		memo.New(c, "k", p, noLoad[int, struct{ Y int }]).Key(1),
		memo.New(c, "k", p, noLoad[int, tagged]).Key(1),
		memo.New(c, "k", p, noLoad[int, tree]).Key(1),
		memo.New(c, "k", p, noLoad[int, aTree]).Key(1),
		memo.New(c, "k2", p, noLoad[int, int]).Key(1),
		memo.New(c, "k", p, noLoad[struct{}, int]).Key(struct{}{}),
		memo.Value(c, "k", p, noValue[int]).Key(),
		memo.Value(c, "k", p, noValue[string]).Key(),
		fragment.KeyOf("k", 1), fragment.KeyOf("k"), fragment.Space("tag").Key("k", 1),
	}
	allDiffer(t, keys)
	for i, key := range keys {
		if key.Err() != nil || !strings.HasPrefix(key.Name(), "k") || key.String() != key.Name() {
			t.Errorf("key %d: name %q, string %q, error %v", i, key.Name(), key, key.Err())
		}
	}
	if a, b := memo.New(c, "k", p, noLoad[int, tree]).Key(1), memo.New(c, "k", p, noLoad[int, tree]).Key(1); a != b {
		t.Error("one type, two keys")
	}
}

func TestNamesOfAnySort(t *testing.T) {
	c, _ := newCache(t)
	names := []string{"a", "a b", "a%20b", "a,b", "ä", "\x00", "\x7f", "#", "%", strings.Repeat("n", 300), strings.Repeat("n", 301)}
	sum := base64.RawURLEncoding.EncodeToString([]byte("x"))
	names = append(names, "#"+sum, "!memo:a")
	runs := 0
	funcs := make([]*memo.Func[int, int], len(names))
	for i, name := range names {
		funcs[i] = memo.New(c, name, fragment.Policy{}, counter(&runs))
		mustDo(t, funcs[i].Err())
		if got := funcs[i].Key(1).Name(); got != name {
			t.Errorf("the key of %q is called %q", name, got)
		}
	}
	for i := range funcs {
		before := make([]int, len(funcs))
		for j, f := range funcs {
			before[j] = mustGet2(f.Get(t.Context(), 1))(t)
		}
		mustDo(t, funcs[i].DeleteAll(t.Context()))
		for j, f := range funcs {
			if changed := mustGet2(f.Get(t.Context(), 1))(t) != before[j]; changed != (i == j) {
				t.Errorf("DeleteAll of %q: answers of %q freed: %v", names[i], names[j], changed)
			}
		}
	}
}

// The key's parts must not collide however the text is split. The reference is
// Go's own quoting.
func FuzzKey(f *testing.F) {
	f.Add("a", "b", "ab", "", []byte{1}, []byte(nil), int64(1), int64(2))
	f.Add("a|s1.b", "", "a", "b", []byte{}, []byte{0}, int64(-1), int64(1))
	type argument struct {
		A, B string
		P    *string
		X    []byte
		L    []string
		N    int64
	}
	c, _ := newCache(f)
	loader := memo.New(c, "fuzz", fragment.Policy{}, noLoad[argument, int])
	argumentOf := func(a, b string, x []byte, n int64) argument {
		k := argument{A: a, B: b, X: x, N: n, L: strings.SplitAfter(a, "|")}
		if n%2 == 0 {
			k.P = &b
		}
		return k
	}
	text := func(k argument) string {
		p := "nil"
		if k.P != nil {
			p = fmt.Sprintf("%q", *k.P)
		}
		return fmt.Sprintf("%q %q %s %#v %q %d", k.A, k.B, p, k.X, k.L, k.N)
	}
	f.Fuzz(func(t *testing.T, a1, b1, a2, b2 string, x1, x2 []byte, n1, n2 int64) {
		one, two := argumentOf(a1, b1, x1, n1), argumentOf(a2, b2, x2, n2)
		if same, want := loader.Key(one) == loader.Key(two), text(one) == text(two); same != want {
			t.Errorf("%s and %s: one key is %v", text(one), text(two), same)
		}
	})
}
