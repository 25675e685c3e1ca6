package memo_test

import (
	"context"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// same checks that a value comes back as it is, on a miss and on a hit, and
// that what is handed out is the caller's own.
func same[V any](t *testing.T, label string, want V) {
	t.Helper()
	comesBackAs(t, label, want, want)
}

func comesBackAs[V any](t *testing.T, label string, loaded, want V) {
	t.Helper()
	c, seen := newCache(t)
	runs := 0
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) (V, error) {
		runs++
		return loaded, nil
	})
	mustDo(t, f.Err())
	for _, when := range []string{"miss", "hit"} {
		if got := mustGet2(f.Get(t.Context()))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, %s: got %#v, want %#v", label, when, got, want)
		}
	}
	if runs != 1 {
		t.Errorf("%s: loaded %d times, want once: %q", label, runs, seen.skips())
	}
}

func to[V any](v V) *V { return &v }

func TestValuesComeBack(t *testing.T) {
	same(t, "string", "ä\x00")
	same(t, "invalid UTF-8", "a\xff\xfe")
	same(t, "empty string", "")
	same(t, "largest", []uint64{0, math.MaxInt64, math.MaxUint64})
	same(t, "smallest", []int64{math.MinInt64, -1})
	same(t, "floats", []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64})
	same(t, "nil list", []int(nil))
	same(t, "empty list", []int{})
	same(t, "lists", [][]int{nil, {}, {1}})
	same(t, "nil bytes", []byte(nil))
	same(t, "empty bytes", []byte{})
	same(t, "nil map", map[string]int(nil))
	same(t, "empty map", map[string]int{})
	same(t, "map with struct keys", map[base]map[[2]bool]string{{1}: {{true, false}: "x"}, {2}: nil})
	same(t, "array", [3]byte{1, 2, 3})
	same(t, "pointers", []*int{nil, to(0), to(1)})
	same(t, "nested pointers", to(to(to("x"))))
	same(t, "nil pointer", (*user)(nil))
	same(t, "tree", tree{Kids: []tree{{}, {Kids: []tree{}}}})
	same(t, "manager", user{ID: 1, Tags: []string{}, Manager: &user{Name: "m"}})
	same(t, "embedded", struct {
		base
		*Shared
	}{base{1}, &Shared{"s"}})
	same(t, "nil embedded", struct{ *Shared }{})
	same(t, "ip", []net.IP{net.IPv4(1, 2, 3, 4), net.IPv4(1, 2, 3, 4).To4(), nil})
	same(t, "addr", []netip.Addr{{}, netip.MustParseAddr("fe80::1%eth0")})
	same(t, "url", url.URL{Scheme: "https", User: url.UserPassword("u", "p"), Host: "h", Path: "/a b"})
	same(t, "big", []*big.Int{nil, big.NewInt(-1), new(big.Int).Lsh(big.NewInt(1), 200)})
	same(t, "rat", struct{ R []*big.Rat }{[]*big.Rat{big.NewRat(1, 3), nil}})
	same(t, "hidden from JSON", struct {
		Hash string `cbor:"Hash" json:"-"`
	}{"secret"})
	same(t, "numbered fields", struct {
		A int `cbor:"1,keyasint"`
		B int `cbor:"1"`
	}{1, 2})
	same(t, "case", struct {
		A int `json:"a"`
		B int `json:"A"`
	}{1, 2})
}

// Shared is embedded by pointer.
type Shared struct{ S string }

func TestNaN(t *testing.T) {
	c, _ := newCache(t)
	f := memo.Value(c, "nan", fragment.Policy{}, func(context.Context) ([]float64, error) {
		return []float64{math.NaN()}, nil
	})
	for range 2 {
		if got := mustGet2(f.Get(t.Context()))(t); len(got) != 1 || !math.IsNaN(got[0]) {
			t.Errorf("got %v, want NaN", got)
		}
	}
	if n := c.Stats().Hits; n != 1 {
		t.Errorf("%d hits, want 1", n)
	}
}

func TestTimesComeBack(t *testing.T) {
	c, _ := newCache(t)
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.FixedZone("", 5*3600+30*60))
	for label, want := range map[string]time.Time{
		"offset": at, "UTC": at.UTC(), "zero": {}, "before the epoch": time.Date(3, 1, 1, 0, 0, 0, 1, time.UTC),
		"negative offset": at.In(time.FixedZone("X", -9*3600)), "local": at.Local(), "late": time.Date(9999, 12, 31, 23, 59, 59, 1, time.UTC),
	} {
		type row struct {
			At  time.Time
			Ptr *time.Time
		}
		in := row{At: want}
		if !want.IsZero() {
			in.Ptr = &want
		}
		f := memo.Value(c, label, fragment.Policy{}, func(context.Context) (row, error) { return in, nil })
		for _, when := range []string{"miss", "hit"} {
			got := mustGet2(f.Get(t.Context()))(t)
			_, wantOffset := want.Zone()
			_, gotOffset := got.At.Zone()
			if !got.At.Equal(want) || gotOffset != wantOffset {
				t.Errorf("%s, %s: got %v, want %v", label, when, got.At, want)
			}
			if in.Ptr == nil != (got.Ptr == nil) || got.Ptr != nil && !got.Ptr.Equal(want) {
				t.Errorf("%s, %s: pointer to %v, want %v", label, when, got.Ptr, want)
			}
		}
		if hits := c.Stats().Names[label].Hits; hits != 1 {
			t.Errorf("%s: %d hits, want 1", label, hits)
		}
	}
}

// What an interface holds is decoded generically, on a miss as on a hit.
func TestAny(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC)
	comesBackAs[any](t, "nil", nil, nil)
	comesBackAs[any](t, "string", "x", "x")
	comesBackAs[any](t, "named", named("x"), "x")
	comesBackAs[any](t, "int", 7, int64(7))
	comesBackAs[any](t, "int64", int64(1<<53+1), int64(1<<53+1))
	comesBackAs[any](t, "uint64", uint64(math.MaxUint64), *new(big.Int).SetUint64(math.MaxUint64))
	comesBackAs[any](t, "float32", float32(0.5), 0.5)
	comesBackAs[any](t, "bytes", []byte{1}, []byte{1})
	comesBackAs[any](t, "time", at, at)
	comesBackAs[any](t, "list", []int{1}, []any{int64(1)})
	comesBackAs[any](t, "map", map[string]int{"a": 1}, map[string]any{"a": int64(1)})
	comesBackAs[any](t, "struct", base{1}, map[string]any{"ID": int64(1)})
	comesBackAs[any](t, "deep", map[string]any{"a": []any{nil, true, "x"}}, map[string]any{"a": []any{nil, true, "x"}})
}

func TestWhatIsHandedOutIsTheCallers(t *testing.T) {
	c, _ := newCache(t)
	type row struct {
		Raw     []byte
		List    []string
		Map     map[string][]byte
		Pointer *user
		Any     any
	}
	fresh := func() row {
		return row{[]byte("raw"), []string{"a"}, map[string][]byte{"k": []byte("v")}, &user{Name: "u"}, []any{[]byte("any")}}
	}
	kept := fresh()
	f := memo.Value(c, "row", fragment.Policy{}, func(context.Context) (row, error) { return kept, nil })
	for _, when := range []string{"miss", "hit", "second hit"} {
		got := mustGet2(f.Get(t.Context()))(t)
		if !reflect.DeepEqual(got, fresh()) {
			t.Fatalf("%s: got %+v, want what was loaded", when, got)
		}
		got.Raw[0], got.List[0], got.Map["k"][0], got.Pointer.Name = 'X', "X", 'X', "X"
		got.Any.([]any)[0].([]byte)[0] = 'X'
		delete(got.Map, "k")
	}
	if !reflect.DeepEqual(kept, fresh()) {
		t.Errorf("the loader's own value was changed: %+v", kept)
	}
}
