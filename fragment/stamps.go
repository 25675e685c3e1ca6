package fragment

import (
	"hash/maphash"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// stamps tell whether an entry, or what a fill computed, is older than an
// invalidation of one of its tags, or than a Clear.
//
// A tag has a slot in a table of fixed size, found by a seeded hash: nothing
// grows, nothing is evicted, and two tags that share a slot cost a miss at
// most. A slot holds the tick of its last invalidation. The ticks of a process
// begin at a random 64-bit number of their own, so that the stamp of another
// process, or of this one before a restart, matches none and means a miss.
//
// With this the three checks of an entry's life are one comparison each:
//
//	before a fill   note the tick (mark)
//	at write        each slot must be no newer than the mark (since)
//	at read         each slot must be what it was at write (same)
//
// An invalidation between the check at write and the write itself is caught at
// read, because the stamps written are those that were checked.
type stamps struct {
	seed  maphash.Seed
	base  uint64        // random; added to a tick it is the stamp in an entry
	tick  atomic.Uint64 // of the last invalidation
	clear atomic.Uint64 // the slot of Clear
	slots [1 << 15]atomic.Uint64
}

// blocked is in a slot while it is being invalidated: no entry matches it and
// no fill may store under it.
const blocked = math.MaxUint64

func newStamps() *stamps {
	return &stamps{seed: maphash.MakeSeed(), base: rand.Uint64()}
}

func (s *stamps) slot(tag string) *atomic.Uint64 { return s.at(s.slotOf(tag)) }

// slotOf returns the number of the slot of tag, for an entry to carry.
func (s *stamps) slotOf(tag string) uint16 {
	return uint16(maphash.String(s.seed, tag) % uint64(len(s.slots)))
}

// at returns the slot of that number; one that an entry of another process
// carries may be any.
func (s *stamps) at(slot uint16) *atomic.Uint64 {
	return &s.slots[int(slot)%len(s.slots)]
}

// mark returns the present moment, to be noted before a fill begins.
func (s *stamps) mark() uint64 { return s.tick.Load() }

// since returns the stamp of a slot for an entry computed after mark; ok is
// false if the slot was invalidated after that, or is being so.
func (s *stamps) since(slot *atomic.Uint64, mark uint64) (stamp uint64, ok bool) {
	at := slot.Load()
	return s.base + at, at <= mark // blocked is above every mark
}

// same reports whether a stamp read from an entry is still that of its slot.
func (s *stamps) same(slot *atomic.Uint64, stamp uint64) bool {
	return s.base+slot.Load() == stamp
}

// invalidating is held while slots move on, of whatever table: see invalidate.
var invalidating sync.Mutex

// invalidate moves on the slots that pick names in each of the tables, as one
// step. Were they simply given a new tick one after the other, then
//
//	slot A moves on; a fill begins, with a mark later than A's tick;
//	it reads a part that carries B, still valid, and made of old data;
//	slot B moves on; the fill stores under A what was made of old data.
//
// So all of them are blocked first. When nothing old can be read any more, the
// new tick is drawn: it is later than the mark of every fill that may have read
// something old.
func invalidate(tables []*stamps, pick slotPicker) {
	invalidating.Lock()
	defer invalidating.Unlock()
	for _, s := range tables {
		for _, slot := range pick(s) {
			slot.Store(blocked)
		}
	}
	for _, s := range tables {
		now := s.tick.Add(1)
		for _, slot := range pick(s) {
			slot.Store(now)
		}
	}
}

// A slotPicker names the same slots in any table.
type slotPicker func(*stamps) []*atomic.Uint64

// ofTags picks the slots of tags.
func ofTags(tags []string) slotPicker {
	return func(s *stamps) []*atomic.Uint64 {
		slots := make([]*atomic.Uint64, len(tags))
		for i, tag := range tags {
			slots[i] = s.slot(tag)
		}
		return slots
	}
}

// ofClear picks the slot of Clear.
func ofClear(s *stamps) []*atomic.Uint64 { return []*atomic.Uint64{&s.clear} }
