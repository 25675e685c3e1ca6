package memo_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/memo"
)

// notStored checks that a value is returned as it was loaded, each time anew,
// and that the reason is told.
func notStored[V any](t *testing.T, label string, v V, reason string) {
	t.Helper()
	c, seen := newCache(t)
	runs := 0
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) (V, error) {
		runs++
		return v, nil
	})
	mustDo(t, f.Err())
	for range 2 {
		if got := mustGet2(f.Get(t.Context()))(t); !reflect.DeepEqual(got, v) {
			t.Errorf("%s: got %#v, want %#v", label, got, v)
		}
	}
	if runs != 2 {
		t.Errorf("%s: loaded %d times, want 2", label, runs)
	}
	for _, got := range seen.skips() {
		if !strings.HasPrefix(got, "memo: a "+reflect.TypeFor[V]().String()) || !strings.Contains(got, reason) {
			t.Errorf("%s: skipped because of %q, want %q", label, got, reason)
		}
	}
	if n := len(seen.skips()); n != 2 {
		t.Errorf("%s: %d events tell why, want 2", label, n)
	}
}

type node struct {
	Name     string
	Next     *node
	Children []*node
}

type picky struct{ Secret string }

func (p picky) MarshalBinary() ([]byte, error) {
	if p.Secret == "panic" {
		panic(p.Secret)
	}
	return []byte{1}, errors.New("no: " + p.Secret)
}

func (p *picky) UnmarshalBinary([]byte) error { return nil }

func TestValuesThatCannotBeStored(t *testing.T) {
	ring := &node{Name: "ring"}
	ring.Next, ring.Children = ring, []*node{ring, ring}
	shared := &node{}
	for range 25 {
		shared = &node{Children: []*node{shared, shared}}
	}
	long := &node{}
	for range 40 {
		long = &node{Next: long}
	}
	itself := map[string]any{}
	itself["me"] = itself

	notStored(t, "refers to itself", ring, "refers to itself")
	notStored(t, "map in itself", any(itself), "refers to itself")
	notStored(t, "shared without end", shared, "too many parts")
	notStored(t, "nested deeply", long, "MaxNestedLevelError")
	notStored(t, "zone off by seconds", []time.Time{time.Unix(0, 0).In(time.FixedZone("LMT", 3208))}, "off UTC by seconds")
	notStored(t, "such a zone as a key", map[time.Time]int{time.Unix(0, 0).In(time.FixedZone("LMT", 3208)): 1}, "off UTC by seconds")
	notStored(t, "year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "codec")
	notStored(t, "pointer to nil", to((*int)(nil)), "points to a nil")
	notStored(t, "pointer to nil list", to([]int(nil)), "points to a nil")
	notStored(t, "pointer to the zero time", &time.Time{}, "zero time")
	notStored(t, "any of ints to ints", any(map[int]int{1: 2}), "codec")
	notStored(t, "any of unexported fields", any(struct{ a int }{1}), "interface in it")
	notStored(t, "any of chan", []any{make(chan int)}, "interface in it")
	notStored(t, "method fails", picky{"hidden"}, "codec")
	notStored(t, "method panics", picky{"panic"}, "panicked")
	notStored(t, "too many elements", make([]bool, 1<<20+1), "MaxArrayElementsError")
}

// Others' errors may quote the value, which is nobody's but the caller's.
func TestReasonKeepsTheValueSecret(t *testing.T) {
	c, seen := newCache(t)
	f := memo.Value(c, "v", fragment.Policy{}, func(context.Context) (picky, error) { return picky{"hidden"}, nil })
	_ = mustGet2(f.Get(t.Context()))(t)
	if got := strings.Join(seen.skips(), " "); got == "" || strings.Contains(got, "hidden") {
		t.Errorf("skipped because of %q", got)
	}
}
