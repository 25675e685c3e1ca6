package bigcachebackend

import (
	"fmt"
	"hash/maphash"
	"math"

	"github.com/allegro/bigcache/v3"
)

const (
	mebibyte = 1 << 20
	minSize  = mebibyte                    // bigcache counts in whole ones
	maxSize  = min(1<<40, math.MaxInt/2+1) // above it sums of sizes may overflow an int
	minShard = 16 << 10                    // of the ring
	ringPart = 13                          // of 16: what the index may take is the rest
	indexed  = 48                          // bytes of the index an entry; 20 to 54 were seen
	overhead = 18 + 5                      // of an entry in the ring: its head and its length
	maxAuto  = 64                          // shards
)

// A plan is how the memory is laid out.
type plan struct {
	bound   int64 // in bytes, of all
	ring    int64 // in bytes, of all shards, a whole number of mebibytes
	shards  int
	largest int // entry, in bytes of its key and padded value
}

// problem tells which option is wrong and why; the reason continues a sentence
// that begins with the name of the option.
func (o Options) problem() (option, why string) {
	switch {
	case o.Size < 0 || o.Size > 0 && o.Size < minSize:
		return "Size", fmt.Sprintf("is %d bytes: want at least 1MiB", o.Size)
	case o.Size > maxSize:
		return "Size", fmt.Sprintf("is %d bytes: want at most %dGiB", o.Size, int64(maxSize)>>30)
	case o.Shards < 0 || o.Shards&(o.Shards-1) != 0:
		return "Shards", fmt.Sprintf("is %d: want a power of two, such as 1, 16 or 64", o.Shards)
	case int64(o.Shards) > o.ring()/minShard:
		return "Shards", fmt.Sprintf("is %d: want at most %d for this size, so that each has 16KiB", o.Shards, powerBelow(o.ring()/minShard))
	}
	return "", ""
}

func (o Options) size() int64 {
	if o.Size == 0 {
		return DefaultSize
	}
	return o.Size
}

// ring is what the rings may take of the size.
func (o Options) ring() int64 {
	return max(o.size()/16*ringPart/mebibyte, 1) * mebibyte
}

func (o Options) plan() plan {
	p := plan{ring: o.ring(), shards: o.Shards}
	p.bound = max(o.size(), p.ring/5*6)
	if p.shards == 0 {
		p.shards = int(min(powerBelow(o.size()/mebibyte), maxAuto))
	}
	// A ring that has half of what it may have must still be able to grow, or
	// to hold an entry without that; see Push in bigcache's queue.
	p.largest = (p.shard()-1)/2 - overhead
	return p
}

// shard is the most that the ring of one shard may take.
func (p plan) shard() int { return int(p.ring) / p.shards }

// config is the plan in bigcache's words.
func (p plan) config(preallocate bool) bigcache.Config {
	entries, each := p.start()
	if preallocate {
		entries, each = p.whole()
	}
	return bigcache.Config{
		Shards:             p.shards,
		LifeWindow:         math.MaxInt64, // how long an entry lives is the engine's affair
		CleanWindow:        0,             // so there is no goroutine
		MaxEntriesInWindow: entries * p.shards,
		MaxEntrySize:       each,
		HardMaxCacheSize:   int(p.ring / mebibyte),
		Hasher:             hasher{maphash.MakeSeed()},
		StatsEnabled:       false, // it would lock a shard on each hit
		Verbose:            false, // it would log keys
	}
}

// A ring begins with entries × each bytes, room for so many entries in its index
// and a buffer for one of them.

// start is what an empty ring takes. A full one is doubled; an exact fraction of
// the whole wastes nothing at the last step.
func (p plan) start() (entries, each int) {
	start := p.shard()
	for start > 1<<10 {
		start /= 2
	}
	return 16, start / 16
}

// whole is all that the ring may take.
func (p plan) whole() (entries, each int) {
	entries = min(p.shard()>>10, 1<<10)
	return entries, (p.shard() + entries - 1) / entries
}

// hasher is seeded, so that nobody outside can make keys collide, and never
// returns 0: bigcache marks deleted entries by that.
type hasher struct{ seed maphash.Seed }

func (h hasher) Sum64(key string) uint64 { return maphash.String(h.seed, key) | 1<<63 }

// powerBelow is the largest power of two that is not above n, at least 1.
func powerBelow(n int64) int64 {
	power := int64(1)
	for power <= n/2 {
		power *= 2
	}
	return power
}
