package memorybackend_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memorybackend"
)

func TestWrongOptions(t *testing.T) {
	for _, size := range []int64{-1, 1, 1<<20 - 1, 1<<40 + 1, 1 << 60} {
		b, err := memorybackend.New(memorybackend.Options{Size: size})
		if err == nil || b != nil || !strings.Contains(err.Error(), "Options.Size") {
			t.Errorf("Size %d: got %v, error %v, want an error that names Options.Size", size, b, err)
		}
	}
}

func TestURL(t *testing.T) {
	tests := []struct {
		url      string
		capacity int64
	}{
		{"memory://", 64 << 20},
		{"memory:", 64 << 20},
		{"memory://?", 64 << 20},
		{"memory://?size=64MiB", 64 << 20},
		{"memory://?size=1048576", 1 << 20},
		{"memory://?size=100MB", 100e6},
		{"memory://?size=1024GiB", 1 << 40},
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
		{"memory://?size=-1", "size"},
		{"memory://?size=0", "size"},
		{"memory://?size=", "size"},
		{"memory://?size=big", "size"},
		{"memory://?size=64mib", "size"},
		{"memory://?size=1000KiB", "size"},
		{"memory://?size=1025GiB", "size"},
		{"memory://?size=64MiB&size=64MiB", "size"},
		{"memory://?sise=64MiB", "sise"},
		{"memory://?ttl=1h&size=64MiB", "ttl"},
		{"memory://64MiB", "memory://?size=64MiB"},
		{"memory:64MiB", "memory://?size=64MiB"},
		{"memory:///tmp", "memory://?size=64MiB"},
		{"memory://user:s3cret@?size=64MiB", "memory://?size=64MiB"},
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
