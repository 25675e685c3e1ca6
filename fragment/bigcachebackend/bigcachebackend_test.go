package bigcachebackend_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

var ctx = context.Background()

const ttl = time.Hour

// opened is a Backend that is closed after the test.
func opened(t testing.TB, o bigcachebackend.Options) *bigcachebackend.Backend {
	t.Helper()
	b, err := bigcachebackend.New(o)
	if err != nil {
		t.Fatalf("New(%+v): %v", o, err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// cached is a Cache on a Backend of these Options.
func cached(t testing.TB, o bigcachebackend.Options) *fragment.Cache {
	t.Helper()
	c, err := fragment.New(opened(t, o), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func set(t testing.TB, b *bigcachebackend.Backend, key string, value []byte) {
	t.Helper()
	if err := b.Set(ctx, key, value, ttl); err != nil {
		t.Fatalf("Set(%q, %d bytes): got error %v, want none", key, len(value), err)
	}
}

func has(t testing.TB, b *bigcachebackend.Backend, key string) bool {
	t.Helper()
	_, ok, err := b.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get(%q): got error %v, want none", key, err)
	}
	return ok
}

func TestBackend(t *testing.T) {
	tests := map[string]struct {
		options bigcachebackend.Options
		limit   int // that surely is one
	}{
		"default":      {bigcachebackend.Options{}, 410 << 10},
		"preallocated": {bigcachebackend.Options{Size: 32 << 20, Preallocate: true}, 410 << 10},
		"one shard":    {bigcachebackend.Options{Size: 32 << 20, Shards: 1}, 12 << 20},
		"many shards":  {bigcachebackend.Options{Size: 32 << 20, Shards: 512}, 24 << 10},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Open:     func(t testing.TB) fragment.Backend { return opened(t, test.options) },
				MaxValue: min(test.limit, 1<<20),
				TooLarge: test.limit * 3 / 2,
			})
		})
	}
}

func TestWithoutGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	b := opened(t, bigcachebackend.Options{})
	for i := range 1000 {
		set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("got %d goroutines with a backend in use, want no more than the %d before", after, before)
	}
}

func TestUsage(t *testing.T) {
	b := opened(t, bigcachebackend.Options{})
	if u := b.Usage(); u.Entries != 0 || u.Bytes > 1<<20 || u.Capacity != 64<<20 {
		t.Errorf("Usage of an empty backend: got %+v, want no entries, next to no bytes, a capacity of 64 MiB", u)
	}
	for i := range 20_000 {
		set(t, b, fmt.Sprint("key", i), make([]byte, 1000))
	}
	u := b.Usage()
	if u.Entries != 20_000 || u.Bytes < 20_000*1000 {
		t.Errorf("Usage: got %+v, want 20000 entries and at least 20 MB", u)
	}
	b.Delete(ctx, "key1", "key2", "absent")
	if u := b.Usage(); u.Entries != 19_998 {
		t.Errorf("Usage after Delete of two: got %+v, want 19998 entries", u)
	}
	b.Close()
	if u := b.Usage(); u.Entries != 0 || u.Bytes != 0 {
		t.Errorf("Usage after Close: got %+v, want nothing held", u)
	}
}

func TestAfterClose(t *testing.T) {
	b := opened(t, bigcachebackend.Options{})
	set(t, b, "key", []byte("value"))
	b.Close()
	if has(t, b, "key") {
		t.Error("Get after Close: got a hit, want a miss")
	}
	if err := b.Set(ctx, "key", []byte("value"), ttl); err == nil {
		t.Error("Set after Close: got no error, want one")
	}
	if err := b.Delete(ctx, "key"); err == nil {
		t.Error("Delete after Close: got no error, want one")
	}
}

func TestRingGrowsUnlessPreallocated(t *testing.T) {
	lazy := opened(t, bigcachebackend.Options{Size: 16 << 20})
	whole := opened(t, bigcachebackend.Options{Size: 16 << 20, Preallocate: true})
	if n := bigcachebackend.Allocated(lazy); n > 64<<10 {
		t.Errorf("a new ring takes %d bytes, want at most 64 KiB", n)
	}
	if n := bigcachebackend.Allocated(whole); n != 13<<20 {
		t.Errorf("a preallocated ring takes %d bytes, want all the 13 MiB", n)
	}
	for i := range 50_000 {
		set(t, lazy, fmt.Sprint("key", i), make([]byte, 1000))
	}
	if n := bigcachebackend.Allocated(lazy); n != 13<<20 {
		t.Errorf("a ring that is full takes %d bytes, want all the 13 MiB", n)
	}
}
