package compress_test

import (
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment/compress"
)

// What stays in use is what the doc of the package says, however large the
// entries are.
func TestMemoryThatStaysInUse(t *testing.T) {
	const reading = 3 * mib
	large := page(2 * mib)
	for level, writing := range map[compress.Level]int64{
		compress.Fastest:  2 * mib,
		compress.Balanced: 3 * mib,
		compress.Smallest: 6 * mib,
	} {
		before := inUse()
		transform := newTransform(t, compress.Options{Level: level})
		var sealed []byte
		perProcessor(func() { sealed = seal(t, transform, large) })
		sealing := inUse()
		wantAtMost(t, level, "Seal", sealing-before-int64(cap(sealed)), writing)
		perProcessor(func() { wantOpen(t, transform, sealed, large) })
		wantAtMost(t, level, "Open", inUse()-sealing, reading)
		runtime.KeepAlive(sealed)
		runtime.KeepAlive(transform)
	}
}

// perProcessor runs f so often that each encoder or decoder is used: they take
// turns.
func perProcessor(f func()) {
	for range 2 * runtime.GOMAXPROCS(0) {
		f()
	}
}

func wantAtMost(t *testing.T, level compress.Level, what string, used, most int64) {
	t.Helper()
	if each := used / int64(runtime.GOMAXPROCS(0)); each > most {
		t.Errorf("level %d: after %s %d bytes a processor are in use, want at most %d", level, what, each, most)
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC() // for what the first one left in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
