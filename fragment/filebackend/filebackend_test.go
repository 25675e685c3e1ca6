package filebackend_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/backendtest"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

var ctx = context.Background()

const ttl = time.Hour

// opened is a Backend in a folder that is closed after the test.
func opened(t testing.TB, folder string, o filebackend.Options) *filebackend.Backend {
	t.Helper()
	b, err := filebackend.New(folder, o)
	if err != nil {
		t.Fatalf("New(%+v): %v", o, err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// inMemory is a new folder, in memory where the system has a place for that: the
// disk would make long what a test does many times.
func inMemory(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "filebackend")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func TestBackend(t *testing.T) {
	tests := map[string]struct {
		options filebackend.Options
		refused int // bytes; zero is that nothing is
	}{
		"default": {filebackend.Options{}, 0},
		"small":   {filebackend.Options{Max: 24 << 20}, 3 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Open:     func(t testing.TB) fragment.Backend { return opened(t, inMemory(t), test.options) },
				MaxValue: 1 << 20,
				TooLarge: test.refused,
			})
		})
	}
}
