package bigcachebackend_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/bigcachebackend"
)

func TestShardsAreChosen(t *testing.T) {
	tests := []struct {
		mebibytes int64
		shards    int
		want      int
	}{
		{0, 0, 64}, {1, 0, 1}, {2, 0, 2}, {3, 0, 2}, {16, 0, 16}, {63, 0, 32}, {64, 0, 64},
		{1024, 0, 64}, {64, 16, 16}, {64, 1024, 1024}, {1, 64, 64},
	}
	for _, test := range tests {
		b := opened(t, bigcachebackend.Options{Size: test.mebibytes << 20, Shards: test.shards})
		if got := bigcachebackend.Shards(b); got != test.want {
			t.Errorf("size of %d MiB, shards %d: got %d shards, want %d", test.mebibytes, test.shards, got, test.want)
		}
	}
}

func TestEntryIsAtMostHalfAShard(t *testing.T) {
	for _, o := range []bigcachebackend.Options{{}, {Size: 1 << 20}, {Size: 100 << 20, Shards: 1}, {Size: 7 << 20, Shards: 16}} {
		b := opened(t, o)
		u := b.Usage()
		half := int(u.Capacity) / bigcachebackend.Shards(b) / 2
		if got := bigcachebackend.LargestEntry(b); got > half || got < half*2/3 { // whole mebibytes, less the index
			t.Errorf("%+v: got entries of up to %d bytes, want about %d and no more", o, got, half)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	tests := []struct {
		options bigcachebackend.Options
		names   string
	}{
		{bigcachebackend.Options{Size: -1}, "Options.Size"},
		{bigcachebackend.Options{Size: 1}, "Options.Size"},
		{bigcachebackend.Options{Size: 1<<20 - 1}, "Options.Size"},
		{bigcachebackend.Options{Size: 1 << 60}, "Options.Size"},
		{bigcachebackend.Options{Shards: -1}, "Options.Shards"},
		{bigcachebackend.Options{Shards: 3}, "Options.Shards"},
		{bigcachebackend.Options{Shards: 1 << 20}, "Options.Shards"},
		{bigcachebackend.Options{Size: 1 << 20, Shards: 128}, "Options.Shards"},
	}
	for _, test := range tests {
		b, err := bigcachebackend.New(test.options)
		if err == nil || b != nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("New(%+v): got %v, error %v, want an error that names %s", test.options, b, err, test.names)
		}
	}
}

func TestURL(t *testing.T) {
	tests := []struct {
		url      string
		capacity int64
	}{
		{"bigcache://", 64 << 20},
		{"bigcache:", 64 << 20},
		{"bigcache://?", 64 << 20},
		{"bigcache://?size=64MiB&shards=64&preallocate=false", 64 << 20},
		{"bigcache://?size=32MiB&shards=auto&preallocate=true", 32 << 20},
		{"bigcache://?size=2097152", 2 << 20},
		{"bigcache://?size=100MB", 100e6},
		{"bigcache://?size=2GiB&shards=1", 2 << 30},
	}
	for _, test := range tests {
		c, err := fragment.Open(ctx, test.url, fragment.Options{})
		if err != nil {
			t.Errorf("Open(%q): got error %v, want none", test.url, err)
			continue
		}
		if got := c.Stats().Usage.Capacity; got != test.capacity {
			t.Errorf("Open(%q): got a capacity of %d, want %d", test.url, got, test.capacity)
		}
		c.Close()
	}
}

func TestWrongURL(t *testing.T) {
	tests := []struct{ url, names string }{
		{"bigcache://?size=-1", "size"},
		{"bigcache://?size=-64MiB", "size"},
		{"bigcache://?size=0", "size"},
		{"bigcache://?size=", "size"},
		{"bigcache://?size=big", "size"},
		{"bigcache://?size=64mib", "size"},
		{"bigcache://?size=64 MiB", "size"},
		{"bigcache://?size=64.5MiB", "size"},
		{"bigcache://?size=1000KiB", "size"},
		{"bigcache://?size=9999999999999999999999", "size"},
		{"bigcache://?size=9000000GiB", "size"},
		{"bigcache://?size=64MiB&size=64MiB", "size"},
		{"bigcache://?shards=0", "shards"},
		{"bigcache://?shards=-1", "shards"},
		{"bigcache://?shards=three", "shards"},
		{"bigcache://?shards=", "shards"},
		{"bigcache://?shards=48", "shards"},
		{"bigcache://?shards=1&shards=2", "shards"},
		{"bigcache://?size=1MiB&shards=1024", "shards"},
		{"bigcache://?preallocate=yes", "preallocate"},
		{"bigcache://?preallocate=", "preallocate"},
		{"bigcache://?preallocate=true&preallocate=false", "preallocate"},
		{"bigcache://?sise=64MiB", "sise"},
		{"bigcache://?Size=64MiB", "Size"},
		{"bigcache://?ttl=1h&size=64MiB", "ttl"},
		{"bigcache://?size=64MiB;shards=2", "parameters"},
		{"bigcache://64MiB", "bigcache://?size=64MiB"},
		{"bigcache:64MiB", "bigcache://?size=64MiB"},
		{"bigcache:///tmp", "bigcache://?size=64MiB"},
		{"bigcache://user:s3cret@?size=64MiB", "bigcache://?size=64MiB"},
	}
	for _, test := range tests {
		c, err := fragment.Open(ctx, test.url, fragment.Options{})
		if err == nil || c != nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("Open(%q): got %v, error %v, want an error that names %s", test.url, c, err, test.names)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q): got the error %q, want no password in it", test.url, err)
		}
	}
}
