package memorybackend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/memorybackend"
)

var ctx = context.Background()

const ttl = time.Hour

// opened is a Backend that is closed after the test.
func opened(t testing.TB, o memorybackend.Options) *memorybackend.Backend {
	t.Helper()
	b, err := memorybackend.New(o)
	if err != nil {
		t.Fatalf("New(%+v): %v", o, err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func set(t testing.TB, b *memorybackend.Backend, key string, value []byte) {
	t.Helper()
	if err := b.Set(ctx, key, value, ttl); err != nil {
		t.Fatalf("Set(%q, %d bytes): got error %v, want none", key, len(value), err)
	}
}

func has(t testing.TB, b *memorybackend.Backend, key string) bool {
	t.Helper()
	_, ok, err := b.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get(%q): got error %v, want none", key, err)
	}
	return ok
}

func TestBackend(t *testing.T) {
	tests := map[string]struct {
		options  memorybackend.Options
		tooLarge int
	}{
		"default": {memorybackend.Options{}, 4 << 20},
		"small":   {memorybackend.Options{Size: 24 << 20}, 3 << 19},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Open:     func(t testing.TB) fragment.Backend { return opened(t, test.options) },
				MaxValue: test.tooLarge / 2,
				TooLarge: test.tooLarge,
			})
		})
	}
}

func TestHitSharesTheValueThatWasSet(t *testing.T) {
	b := opened(t, memorybackend.Options{})
	value := make([]byte, 1000, 2000)
	set(t, b, "key", value)
	one, _, _ := b.Get(ctx, "key")
	many, err := b.GetMany(ctx, []string{"key", "absent"})
	if err != nil || len(many) != 1 {
		t.Fatalf("GetMany: got %d values, error %v, want one", len(many), err)
	}
	for _, got := range [][]byte{one, many["key"]} {
		if &got[0] != &value[0] {
			t.Error("got a copy, want the value itself")
		}
		if cap(got) != len(value) {
			t.Errorf("got a value of capacity %d, want %d: appending to it must not reach what is shared", cap(got), len(value))
		}
	}
}

func TestHitAllocatesNothingWhateverTheSize(t *testing.T) {
	b := opened(t, memorybackend.Options{})
	for _, size := range []int{0, 100, 20 << 10, 3 << 20} {
		key := fmt.Sprint("key", size)
		set(t, b, key, make([]byte, size))
		allocations := testing.AllocsPerRun(1000, func() { b.Get(ctx, key) })
		if allocations != 0 {
			t.Errorf("a hit of %d bytes: got %v allocations, want none", size, allocations)
		}
	}
}

func TestUsage(t *testing.T) {
	b := opened(t, memorybackend.Options{})
	if u := b.Usage(); u != (fragment.Usage{Capacity: 64 << 20}) {
		t.Errorf("Usage of an empty backend: got %+v, want nothing but a capacity of 64 MiB", u)
	}
	for i := range 20_000 {
		set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
	}
	u := b.Usage()
	if u.Entries != 20_000 || u.Bytes < 20_000*1000 || u.Bytes > 20_000*1500 {
		t.Errorf("Usage: got %+v, want 20000 entries of somewhat more than 1000 bytes", u)
	}
	if err := b.Delete(ctx, "key1", "key2", "absent"); err != nil {
		t.Fatal(err)
	}
	if u := b.Usage(); u.Entries != 19_998 {
		t.Errorf("Usage after Delete of two: got %+v, want 19998 entries", u)
	}
	b.Close()
	if u := b.Usage(); u.Entries != 0 || u.Bytes != 0 {
		t.Errorf("Usage after Close: got %+v, want nothing held", u)
	}
}

func TestCallsAfterCloseAreErrors(t *testing.T) {
	b := opened(t, memorybackend.Options{})
	set(t, b, "key", []byte("value"))
	for range 2 {
		if err := b.Close(); err != nil {
			t.Errorf("Close: got error %v, want none", err)
		}
	}
	_, got, getErr := b.Get(ctx, "key")
	many, manyErr := b.GetMany(ctx, []string{"key"})
	if got || len(many) > 0 {
		t.Error("got a value after Close, want none")
	}
	for call, err := range map[string]error{
		"Get": getErr, "GetMany": manyErr, "Set": b.Set(ctx, "key", nil, ttl), "Delete": b.Delete(ctx, "key"),
	} {
		if err == nil {
			t.Errorf("%s after Close: got no error, want one", call)
		}
	}
}

func TestRefusedEntryEvictsNobodyAndTheLargestIsTaken(t *testing.T) {
	b := opened(t, memorybackend.Options{Size: 1 << 20})
	const kept = 500
	for i := range kept {
		set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
	}
	before := b.Usage()
	fits := largestValue(b, "large")
	for _, n := range []int{fits + 1, 1 << 20, 2 << 20, 10 << 20} {
		err := b.Set(ctx, "large", make([]byte, n), ttl)
		if !errors.Is(err, fragment.ErrTooLarge) {
			t.Errorf("Set of %d bytes: got error %v, want fragment.ErrTooLarge", n, err)
		}
	}
	if u := b.Usage(); u != before {
		t.Errorf("got %+v after refused entries, want %+v as before", u, before)
	}
	want := bytes.Repeat([]byte{7}, fits)
	set(t, b, "large", want)
	if got, ok, err := b.Get(ctx, "large"); !ok || err != nil || !bytes.Equal(got, want) {
		t.Errorf("Get of the largest value, of %d bytes: got %d bytes, %v, %v, want it", fits, len(got), ok, err)
	}
}

// largestValue is the length of the longest value that b takes under key.
func largestValue(b *memorybackend.Backend, key string) (n int) {
	for step := 32 << 20; step > 0; step /= 2 {
		if memorybackend.Weigh(key, make([]byte, n+step)) <= memorybackend.Largest(b) {
			n += step
		}
	}
	return n
}
