package bigcachebackend_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

const (
	mebibyte    = 1 << 20
	bound       = 64 * mebibyte // the default
	atMost      = bound + bound*15/100
	measuring   = "PONGOCACHE_MEASURE_MEMORY"
	emptyAtMost = 2 * mebibyte
)

// fillings wrap the ring several times each; the benchmark writes 1 GiB of each.
var fillings = []struct{ value, writes int }{
	{10, 600_000}, {200, 800_000}, {1 << 10, 250_000}, {20 << 10, 50_000}, {100 << 10, 5_000},
}

// TestMemoryIsBounded fills default caches through the engine and measures what
// the process takes. It does so in a test process of its own, without the race
// detector, which takes several times the memory it watches.
func TestMemoryIsBounded(t *testing.T) {
	if os.Getenv(measuring) == "" {
		inPlainProcess(t, "^TestMemoryIsBounded$")
		return
	}
	for _, f := range fillings {
		t.Run(fmt.Sprint(f.value), func(t *testing.T) {
			heap, rss := heapInUse(), residentSet()
			c := openDefault(t)
			if got := heapInUse() - heap; got > emptyAtMost {
				t.Errorf("an empty cache: got %d bytes of heap, want at most %d", got, emptyAtMost)
			}
			fill(t, c, f.value, f.writes)
			if got := heapInUse() - heap; got > atMost || got < bound/2 {
				t.Errorf("a full cache: got %d bytes of heap, want at most %d and at least half of the %d asked for", got, atMost, bound)
			}
			debug.FreeOSMemory()
			if got := residentSet() - rss; got > atMost {
				t.Errorf("a full cache: got %d more bytes in the resident set, want at most %d", got, atMost)
			}
			c.Close()
			if got := heapInUse() - heap; got > emptyAtMost {
				t.Errorf("a closed cache: got %d bytes of heap, want at most %d", got, emptyAtMost)
			}
			runtime.KeepAlive(c)
		})
	}
}

// inPlainProcess runs tests of this package anew, built without -race.
func inPlainProcess(t *testing.T, tests string) {
	t.Helper()
	command := exec.Command("go", "test", "-race=false", "-vet=off", "-count=1", "-run="+tests, ".")
	command.Env = append(os.Environ(), measuring+"=1")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", command, err, out)
	}
	if bytes.Contains(out, []byte("no tests to run")) {
		t.Errorf("%s: got no test by that name", command)
	}
}

func openDefault(tb testing.TB) *fragment.Cache {
	tb.Helper()
	c, err := fragment.Open(ctx, "bigcache://", fragment.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// fill stores so many values, each under a key of its own.
func fill(tb testing.TB, c *fragment.Cache, size, writes int) {
	tb.Helper()
	value := make([]byte, size)
	for i := range writes {
		if err := c.Set(ctx, fragment.KeyOf("user", i), value, fragment.Policy{Tags: []string{"users"}}); err != nil {
			tb.Fatal(err)
		}
	}
}

// heapInUse is what is reachable on the heap.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// residentSet is the memory that the process has from the system, where that
// can be read, else 0.
func residentSet() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, _, _ := strings.Cut(rest, "kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(kilobytes), 10, 64)
	return n << 10
}

// BenchmarkMemory writes 1 GiB of values into a default cache and reports heap
// after a collection, and the resident set after debug.FreeOSMemory, as parts
// of the bound.
func BenchmarkMemory(b *testing.B) {
	for _, value := range []int{200, 1 << 10, 20 << 10} {
		b.Run(fmt.Sprint(value), func(b *testing.B) {
			for range b.N {
				debug.FreeOSMemory()
				heap, rss := heapInUse(), residentSet()
				c := openDefault(b)
				empty := heapInUse() - heap
				fill(b, c, value, 1<<30/value)
				full := heapInUse() - heap
				debug.FreeOSMemory()
				b.ReportMetric(float64(empty)/mebibyte, "empty-MiB")
				b.ReportMetric(float64(full)/bound, "heap-of-bound")
				b.ReportMetric(float64(residentSet()-rss)/bound, "rss-of-bound")
				c.Close()
			}
		})
	}
}
