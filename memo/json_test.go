package memo_test

import (
	"context"
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// jsonOf returns a loader of v whose answers are JSON.
func jsonOf[V any](t testing.TB, c *fragment.Cache, load func() V) *memo.Func[int, V] {
	t.Helper()
	f, err := memo.NewWithOptions(c, "json", fragment.Policy{}, memo.Options[int, V]{Codec: memo.JSON[V]{}},
		func(context.Context, int) (V, error) { return load(), nil })
	mustDo(t, err)
	return f
}

// asJSON is comesBackAs for answers that are stored as JSON.
func asJSON[V any](t *testing.T, label string, loaded, want V) {
	t.Helper()
	c, seen := newCache(t)
	runs := 0
	f := jsonOf(t, c, func() V { runs++; return loaded })
	for _, when := range []string{"miss", "hit"} {
		if got := mustGet2(f.Get(t.Context(), 1))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, %s: got %#v, want %#v", label, when, got, want)
		}
	}
	if runs != 1 {
		t.Errorf("%s: loaded %d times, want once: %q", label, runs, seen.skips())
	}
}

func sameJSON[V any](t *testing.T, label string, v V) {
	t.Helper()
	asJSON(t, label, v, v)
}

// whole encodes itself by its address.
type whole struct{ n int }

func (w *whole) MarshalJSON() ([]byte, error) { return json.Marshal(w.n) }

func (w *whole) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, &w.n) }

// nothing may encode itself as null.
type nothing struct{ Valid bool }

func (n nothing) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return []byte("1"), nil
}

func (n *nothing) UnmarshalJSON(raw []byte) error {
	n.Valid = string(raw) != "null"
	return nil
}

func TestValuesComeBackFromJSON(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	sameJSON(t, "string", "ä\x00<\ufffd\\ufffd")
	sameJSON(t, "largest", []uint64{0, math.MaxUint64})
	sameJSON(t, "smallest", []int64{math.MinInt64, -1})
	sameJSON(t, "floats", []float64{0, math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1})
	sameJSON(t, "lists", [][]int{nil, {}, {1}})
	sameJSON(t, "bytes", [][]byte{nil, {}, {0, 0xff}})
	sameJSON(t, "nil", []byte(nil))
	sameJSON(t, "map", map[named]map[int8]string{"": nil, "a": {}, "b": {-1: "x"}})
	sameJSON(t, "keys that are text", map[netip.Addr]int{netip.MustParseAddr("::1"): 1})
	sameJSON(t, "keys that are times", map[time.Time]int{at: 1})
	sameJSON(t, "times", []time.Time{{}, at})
	sameJSON(t, "pointers to times", []*time.Time{nil, {}, &at})
	sameJSON(t, "pointers", []*int{nil, to(0), to(1)})
	sameJSON(t, "nil pointer", (*user)(nil))
	sameJSON(t, "manager", user{ID: 1, Joined: at, Tags: []string{}, Manager: &user{Name: "m"}})
	sameJSON(t, "embedded", struct {
		base
		*Shared
	}{base{1}, &Shared{"s"}})
	sameJSON(t, "big", []*big.Int{nil, big.NewInt(-1), new(big.Int).Lsh(big.NewInt(1), 200)})
	sameJSON(t, "big by value", struct{ N []big.Int }{[]big.Int{*big.NewInt(7)}})
	sameJSON(t, "encodes itself", []whole{{1}, {2}})
	sameJSON(t, "encodes itself, behind pointers", map[string]*whole{"a": {1}, "b": nil})
	sameJSON(t, "null by itself", []nothing{{true}, {false}})
	sameJSON(t, "null by itself, behind a pointer", []*nothing{{true}, nil})
	sameJSON(t, "raw", []json.RawMessage{[]byte(`{"a":1}`), []byte("null")})
	sameJSON(t, "case", struct {
		A int `json:"a"`
		B int `json:"A"`
	}{1, 2})
	sameJSON(t, "names in quotes", struct {
		A int `json:"a&b"`
		B int `json:"bad§name"`
	}{1, 2})
	sameJSON(t, "options of strings", struct {
		A int     `json:",string"`
		B float64 `json:"b,string,omitempty"`
	}{1, 0})
	sameJSON(t, "number", []json.Number{"1.50"})
}

func TestAnyFromJSON(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC)
	asJSON[any](t, "nil", nil, nil)
	asJSON[any](t, "int", 7, 7.0)
	asJSON[any](t, "largest exact", int64(1<<53), float64(1<<53))
	asJSON[any](t, "uint8", []uint16{1}, []any{1.0})
	asJSON[any](t, "bytes", []byte{1}, "AQ==")
	asJSON[any](t, "time", at, "2026-02-03T04:05:06.000000007Z")
	asJSON[any](t, "struct", base{1}, map[string]any{"ID": 1.0})
	asJSON[any](t, "deep", map[string]any{"a": []any{nil, true, "x"}}, map[string]any{"a": []any{nil, true, "x"}})
}

// notJSON is notStored for JSON.
func notJSON[V any](t *testing.T, label string, v V, reason string) {
	t.Helper()
	c, seen := newCache(t)
	f := jsonOf(t, c, func() V { return v })
	if got := mustGet2(f.Get(t.Context(), 1))(t); !reflect.DeepEqual(got, v) {
		t.Errorf("%s: got %#v, want %#v", label, got, v)
	}
	if got := strings.Join(seen.skips(), ";"); !strings.Contains(got, reason) {
		t.Errorf("%s: skipped because of %q, want %q", label, got, reason)
	}
}

func TestValuesThatAreNotStoredAsJSON(t *testing.T) {
	ring := &node{Name: "ring"}
	ring.Next = ring
	notJSON(t, "refers to itself", ring, "refers to itself")
	notJSON(t, "not UTF-8", []string{"a\xff"}, "not UTF-8")
	notJSON(t, "key that is not UTF-8", map[string]int{"a\xff": 1}, "not UTF-8")
	notJSON(t, "not UTF-8, inside any", any([]any{"a\xff"}), "not UTF-8")
	notJSON(t, "too many digits", any(1<<53+1), "round")
	notJSON(t, "too many digits below zero", any(map[string][]int64{"a": {-1<<53 - 1}}), "round")
	notJSON(t, "too many digits of uint64", any([]uint64{math.MaxUint64}), "round")
	notJSON(t, "infinite", math.Inf(1), "UnsupportedValueError")
	notJSON(t, "pointer to nil", to([]int(nil)), "points to a nil")
	notJSON(t, "pointer to null", &nothing{}, "points to a nil")
	notJSON(t, "zone off by seconds", []time.Time{time.Unix(0, 0).In(time.FixedZone("LMT", 3208))}, "off UTC by seconds")
	notJSON(t, "by its address, inside any", any(struct{ W whole }{whole{1}}), "interface in it")
	notJSON(t, "hidden, inside any", any(struct {
		A int `json:"-"`
	}{1}), "interface in it")
	notJSON(t, "number without digits", []json.Number{""}, "json.Number")
}

func TestTypesThatAreNotStoredAsJSON(t *testing.T) {
	errOf := func(c interface{ Check() error }) error { return c.Check() }
	for name, bad := range map[string]struct {
		err  error
		want []string
	}{
		"hidden": {errOf(memo.JSON[struct {
			Hash string `cbor:"Hash" json:"-"`
		}]{}), []string{".Hash", `json:"-"`, "remove the tag"}},
		"unexported":           {errOf(memo.JSON[struct{ a int }]{}), []string{".a", "unexported", "MarshalJSON and UnmarshalJSON"}},
		"userinfo":             {errOf(memo.JSON[url.URL]{}), []string{"url.URL.User.username"}},
		"map of structs":       {errOf(memo.JSON[map[base]int]{}), []string{"strings, whole numbers"}},
		"map of floats":        {errOf(memo.JSON[map[float64]int]{}), []string{"strings, whole numbers"}},
		"map of any":           {errOf(memo.JSON[map[any]int]{}), []string{"strings, whole numbers"}},
		"keys with methods":    {errOf(memo.JSON[map[textKey]int]{}), []string{"strings, whole numbers"}},
		"elements by address":  {errOf(memo.JSON[map[string]whole]{}), []string{"*memo_test.whole", "use pointers"}},
		"elements that hold":   {errOf(memo.JSON[map[string][2]struct{ W whole }]{}), []string{"use pointers"}},
		"interface":            {errOf(memo.JSON[error]{}), []string{"interface with methods"}},
		"func":                 {errOf(memo.JSON[func()]{}), []string{"func()"}},
		"half text":            {errOf(memo.JSON[halfText]{}), []string{"no UnmarshalText"}},
		"promoted MarshalJSON": {errOf(memo.JSON[noted]{}), []string{"Time", "MarshalJSON", "named field"}},
		"one name twice": {errOf(memo.JSON[struct {
			A int `json:"B"`
			B int `json:"bad§name"`
		}]{}), []string{".A", ".B", "one name", `json:"B2"`}},
	} {
		for _, want := range bad.want {
			if bad.err == nil || !strings.Contains(bad.err.Error(), want) {
				t.Errorf("%s: got %v, want %q in it", name, bad.err, want)
			}
		}
	}
	c, _ := newCache(t)
	_, err := memo.NewWithOptions(c, "x", fragment.Policy{}, memo.Options[int, noted]{Codec: memo.JSON[noted]{}}, noLoad[int, noted])
	if err == nil || !strings.Contains(err.Error(), `loader "x": the value cannot be stored: memo_test.noted`) {
		t.Errorf("NewWithOptions: %v", err)
	}
	if _, err := (memo.JSON[noted]{}).Marshal(noted{}); err == nil {
		t.Error("Marshal took what Check refuses")
	}
	if err := (memo.JSON[noted]{}).Unmarshal([]byte("{}"), new(noted)); err == nil {
		t.Error("Unmarshal took what Check refuses")
	}
}

type noted struct {
	time.Time
	Note string
}

type textKey string

func (k textKey) MarshalText() ([]byte, error) { return []byte(k), nil }
func (k *textKey) UnmarshalText(raw []byte) error {
	*k = textKey(raw)
	return nil
}
