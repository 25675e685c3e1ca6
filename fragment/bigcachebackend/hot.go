package bigcachebackend

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// hot holds, beside the rings, copies of the few entries that are read over and
// over: bigcache copies a value on each read, which for a page of 20 KB takes
// longer than all the rest of a hit. Here readers share one copy.
//
// A key has one slot, which it shares with others; an entry moves into it when
// it is read from the ring twice in a row. Whoever writes or deletes a key
// empties its slot afterwards and moves its turn on, so that
//
//	a reader gets the old value from the ring;
//	Set writes the new one there and returns;
//	the reader puts the old one into the slot
//
// cannot happen: the reader knows the turn from before it read.
type hot struct {
	seed    maphash.Seed
	largest int // entry, in bytes
	slots   [hotSlots]hotSlot
}

const (
	hotSlots = 128
	hotPart  = 16 // of the size, one part is for hot entries
)

type hotSlot struct {
	entry  atomic.Pointer[hotEntry]
	missed atomic.Uint64 // hash of the key that was last read from the ring
	turn   atomic.Uint64 // moved on by each write; written under mu

	mu sync.Mutex // held to change entry
	_  [64]byte   // the next slot is in another cache line
}

type hotEntry struct {
	key   string
	value []byte
}

func newHot(size int64) *hot {
	return &hot{seed: maphash.MakeSeed(), largest: int(size / hotPart / hotSlots)}
}

// A lookup is one read of a key that its slot did not have.
type lookup struct {
	slot  *hotSlot
	turn  uint64
	again bool // the key was the last to be read through the slot
}

// get returns the value of key, or begins a lookup of it in the ring.
func (h *hot) get(key string) (value []byte, ok bool, l lookup) {
	hash := maphash.String(h.seed, key)
	slot := &h.slots[hash%hotSlots]
	if e := slot.entry.Load(); e != nil && e.key == key {
		return e.value, true, lookup{}
	}
	l = lookup{slot: slot, turn: slot.turn.Load(), again: slot.missed.Load() == hash}
	if !l.again {
		slot.missed.Store(hash)
	}
	return nil, false, l
}

// found ends a lookup with what the ring had.
func (h *hot) found(l lookup, key string, value []byte) {
	if !l.again || len(value) > h.largest {
		return
	}
	l.slot.mu.Lock()
	defer l.slot.mu.Unlock()
	if l.slot.turn.Load() == l.turn {
		l.slot.entry.Store(&hotEntry{key, value})
	}
}

// forget empties the slot of key, after its ring was written to.
func (h *hot) forget(key string) {
	slot := &h.slots[maphash.String(h.seed, key)%hotSlots]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.turn.Add(1)
	if e := slot.entry.Load(); e != nil && e.key == key {
		slot.entry.Store(nil)
	}
}
