package fragment

import (
	"hash/fnv"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// stamps tell whether an entry, or what a fill computed, is older than an
// invalidation of one of its tags, or than a Clear, in this process.
//
// A tag has a slot in a table of fixed size, found by a hash: nothing grows,
// nothing is evicted, and two tags that share a slot cost a miss at most. A slot
// holds the tick of its last invalidation. The ticks of a process begin at a
// random 64-bit number of their own, so that the stamp of another process, or of
// this one before a restart, matches none and means a miss.
//
// With this the three checks of an entry's life are one comparison each:
//
//	before a fill   note the tick (mark)
//	at write        each slot must be no newer than the mark (since)
//	at read         each slot must be what it was at write (same)
//
// An invalidation between the check at write and the write itself is caught at
// read, because the stamps written are those that were checked.
//
// Where other processes use the Backend too, its entries carry stamps that the
// Backend holds (see shared). The table then catches what this process itself
// invalidates while it fills, and blocks what it could not tell the Backend.
type stamps struct {
	hash  func(tag string) uint64
	base  uint64          // random; added to a tick it is the stamp in an entry
	tick  atomic.Uint64   // of the last invalidation
	clear []atomic.Uint64 // the slots of Clear, one for each shard
	slots []atomic.Uint64 // of tags
	holds map[slotNo]int  // invalidations under way; guarded by invalidating
}

// A slotNo is the number of a slot. Entries carry those of tags in two bytes.
type slotNo uint32

const (
	localSlots  = 1 << 15
	sharedSlots = 1 << 16
	clearSlot   = slotNo(math.MaxUint32)
)

// blocked is in a slot while it is being invalidated: no entry matches it and
// no fill may store under it.
const blocked = math.MaxUint64

func newStamps(shared bool, shards int) *stamps {
	s := &stamps{base: rand.Uint64(), holds: make(map[slotNo]int), clear: make([]atomic.Uint64, shards)}
	if shared {
		s.slots, s.hash = make([]atomic.Uint64, sharedSlots), sameEverywhere
		return s
	}
	seed := maphash.MakeSeed()
	s.slots, s.hash = make([]atomic.Uint64, localSlots), func(tag string) uint64 { return maphash.String(seed, tag) }
	return s
}

// sameEverywhere is a hash on which all processes agree. Collisions can be built,
// and cost misses.
func sameEverywhere(tag string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(tag))
	sum := h.Sum64()
	return sum ^ sum>>32
}

// slotOf returns the number of the slot of tag, for an entry to carry.
func (s *stamps) slotOf(tag string) slotNo { return slotNo(s.hash(tag) % uint64(len(s.slots))) }

// at returns the slot of that number; one that an entry of another process
// carries may be any.
func (s *stamps) at(slot slotNo) *atomic.Uint64 {
	if slot >= firstOwnSlot {
		return &s.clear[int(clearSlot-slot)/2]
	}
	return &s.slots[int(slot)%len(s.slots)]
}

// mark returns the present moment, to be noted before a fill begins.
func (s *stamps) mark() uint64 { return s.tick.Load() }

// since returns the stamp of a slot for an entry computed after mark; ok is
// false if the slot was invalidated after that, or is being so.
func (s *stamps) since(slot slotNo, mark uint64) (stamp uint64, ok bool) {
	at := s.at(slot).Load()
	return s.base + at, at <= mark // blocked is above every mark
}

// same reports whether a stamp read from an entry is still that of its slot.
func (s *stamps) same(slot slotNo, stamp uint64) bool {
	return s.base+s.at(slot).Load() == stamp
}

// isBlocked reports whether a slot is being invalidated.
func (s *stamps) isBlocked(slot slotNo) bool { return s.at(slot).Load() == blocked }

// invalidating guards the holds of all tables, and so what block and move do.
var invalidating sync.Mutex

// An invalidation moves on the slots that pick names in several tables, as one
// step. Were they simply given a new tick one after the other, then
//
//	slot A moves on; a fill begins, with a mark later than A's tick;
//	it reads a part that carries B, still valid, and made of old data;
//	slot B moves on; the fill stores under A what was made of old data.
//
// So all of them are blocked first. When nothing old can be read any more, the
// new tick is drawn: it is later than the mark of every fill that may have read
// something old.

// block begins an invalidation.
func block(tables []*stamps, pick slotPicker) {
	invalidating.Lock()
	defer invalidating.Unlock()
	for _, s := range tables {
		for _, slot := range pick(s) {
			s.holds[slot]++
			s.at(slot).Store(blocked)
		}
	}
}

// move ends it. A slot that another invalidation holds stays blocked until that
// ends too.
func move(tables []*stamps, pick slotPicker) {
	invalidating.Lock()
	defer invalidating.Unlock()
	for _, s := range tables {
		now := s.tick.Add(1)
		for _, slot := range pick(s) {
			if s.holds[slot]--; s.holds[slot] > 0 {
				continue
			}
			delete(s.holds, slot)
			s.at(slot).Store(now)
		}
	}
}

// renew ends what carries the stamps of slots: others have invalidated them, or may
// have.
func (s *stamps) renew(slots []slotNo) {
	if len(slots) == 0 {
		return
	}
	invalidating.Lock()
	defer invalidating.Unlock()
	now := s.tick.Add(1)
	for _, slot := range slots {
		if s.holds[slot] == 0 {
			s.at(slot).Store(now)
		}
	}
}

// A slotPicker names the same slots in any table.
type slotPicker func(*stamps) []slotNo

// ofTags picks the slots of tags.
func ofTags(tags []string) slotPicker {
	return func(s *stamps) []slotNo {
		slots := make([]slotNo, len(tags))
		for i, tag := range tags {
			slots[i] = s.slotOf(tag)
		}
		return slots
	}
}

// ofClear picks the slots of Clear.
func ofClear(s *stamps) []slotNo {
	slots := make([]slotNo, len(s.clear))
	for no := range slots {
		slots[no] = clearSlotOf(no)
	}
	return slots
}
