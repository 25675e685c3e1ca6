package memorybackend_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memorybackend"
)

const (
	mebibyte    = 1 << 20
	bound       = 64 * mebibyte // the default
	atMost      = bound + bound*15/100
	measuring   = "PONGOCACHE_MEASURE_MEMORY"
	emptyAtMost = mebibyte
)

// fillings are several times the size each; the benchmark writes 1 GiB of each.
var fillings = []struct{ value, writes int }{
	{10, 300_000}, {200, 250_000}, {1 << 10, 150_000}, {20 << 10, 30_000}, {33 << 10, 10_000}, {1 << 20, 500},
}

// TestMemoryIsBounded fills default caches through the engine and measures what
// the process takes. It does so in a test process of its own, without the race
// detector, which takes several times the memory it watches.
func TestMemoryIsBounded(t *testing.T) {
	if os.Getenv(measuring) == "" {
		inPlainProcess(t, "^TestMemory")
		return
	}
	for _, f := range fillings {
		t.Run(fmt.Sprint(f.value), func(t *testing.T) {
			heap := heapInUse()
			c := openDefault(t)
			if got := heapInUse() - heap; got > emptyAtMost {
				t.Errorf("an empty cache: got %d bytes of heap, want at most %d", got, emptyAtMost)
			}
			fill(t, c, "user", f.value, f.writes)
			wantFull(t, heap)
			c.Close()
			if got := heapInUse() - heap; got > emptyAtMost {
				t.Errorf("a closed cache: got %d bytes of heap, want at most %d", got, emptyAtMost)
			}
			runtime.KeepAlive(c)
		})
	}
}

// Many small entries leave large tables to the few large ones after them.
func TestMemoryIsBoundedWhenSizesChange(t *testing.T) {
	if os.Getenv(measuring) == "" {
		return // TestMemoryIsBounded runs it
	}
	heap := heapInUse()
	c := openDefault(t)
	fill(t, c, "small", 10, 250_000)
	wantFull(t, heap)
	for range 6 { // written often enough to take the places
		fill(t, c, "large", 100<<10, 1000)
	}
	if u := c.Stats().Usage; u.Entries > 10_000 {
		t.Errorf("got %d entries, want few small ones left", u.Entries)
	}
	wantFull(t, heap)
	runtime.KeepAlive(c)
}

func wantFull(t *testing.T, before int64) {
	t.Helper()
	if got := heapInUse() - before; got > atMost || got < bound/2 {
		t.Errorf("a full cache: got %d bytes of heap, want at most %d and at least half of the %d asked for", got, atMost, bound)
	}
}

// What an entry weighs is what it takes: the memory of values and keys of any
// length is as it was reckoned, to some percent.
func TestMemoryOfAnEntryIsItsWeight(t *testing.T) {
	if os.Getenv(measuring) == "" {
		return // TestMemoryIsBounded runs it
	}
	for _, size := range []int{300, 513, 1025, 1409, 4097, 9000, 20_500, 32_000, 32_769, 41_000, 100_000} {
		const many = 500
		b := opened(t, memorybackend.Options{Size: 1 << 30})
		heap, weight := heapInUse(), int64(0)
		for i := range many {
			key, value := fmt.Sprintf("key-%032d", i), make([]byte, size)
			weight += memorybackend.Weigh(key, value)
			set(t, b, key, value)
		}
		if got := heapInUse() - heap; got > weight*105/100 || got < weight*75/100 {
			t.Errorf("values of %d bytes: got %d bytes an entry, want about the %d of its weight", size, got/many, weight/many)
		}
		b.Close()
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
	c, err := fragment.Open(ctx, "memory://", fragment.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

// fill stores so many values, each under a key of its own.
func fill(tb testing.TB, c *fragment.Cache, name string, size, writes int) {
	tb.Helper()
	value := make([]byte, size)
	for i := range writes {
		if err := c.Set(ctx, fragment.KeyOf(name, i), value, fragment.Policy{Tags: []string{"users"}}); err != nil {
			tb.Error(err)
			return
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

// BenchmarkMemory writes 1 GiB of values into a default cache and reports heap
// after a collection as a part of the bound.
func BenchmarkMemory(b *testing.B) {
	for _, value := range []int{200, 1 << 10, 20 << 10} {
		b.Run(fmt.Sprint(value), func(b *testing.B) {
			for range b.N {
				debug.FreeOSMemory()
				heap := heapInUse()
				c := openDefault(b)
				empty := heapInUse() - heap
				fill(b, c, "user", value, 1<<30/value)
				b.ReportMetric(float64(empty)/mebibyte, "empty-MiB")
				b.ReportMetric(float64(heapInUse()-heap)/bound, "heap-of-bound")
				c.Close()
			}
		})
	}
}
