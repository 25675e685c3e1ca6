package fragment

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// debts are what a Backend that others use has not been told: slots that stay
// blocked in this process, and keys whose entries it does not serve, until it is;
// and leases of fills that have ended.
type debts struct {
	mu    sync.Mutex
	slots map[slotNo]debt     // guarded by mu, as what follows
	keys  map[string]uint64   // at most maxDebts, then all is owed; each with its number
	last  uint64              // number of a key
	gone  map[lease]time.Time // leases to be given back, at most maxDebts; until when they last
	many  atomic.Int64        // of keys, for those who only look
	busy  bool                // a goroutine is at it
}

// A debt is a slot that is owed.
type debt struct {
	held int                // how often block was called for it
	with map[*core]struct{} // caches that are to be told together with this one, itself too; nil if it is the slot alone
}

const maxDebts = 10_000

// owes reports whether the entry under key was to be deleted and was not.
func (d *debts) owes(key string) bool {
	if d.many.Load() == 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, owed := d.keys[key]
	return owed
}

// oweSlots notes an invalidation that failed, for this cache or another one of
// with. Its slots are blocked already. All are told again together: a cache that
// was told alone may by now hold what was made of parts that are old, in one that
// was not.
func (c *core) oweSlots(slots []slotNo, with []*core) {
	d := &c.shared.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	d.oweSlots(slots, with)
}

// oweSlots is that for who holds mu.
func (d *debts) oweSlots(slots []slotNo, with []*core) {
	if d.slots == nil {
		d.slots = make(map[slotNo]debt)
	}
	for _, slot := range slots {
		one := d.slots[slot]
		one.held++
		if one.with == nil && len(with) > 0 {
			one.with = make(map[*core]struct{})
		}
		for _, other := range with {
			one.with[other] = struct{}{}
		}
		d.slots[slot] = one
	}
}

// oweKeys notes keys that were to be deleted. Of too many all entries are owed.
func (c *core) oweKeys(keys []string) {
	d := &c.shared.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keys == nil {
		d.keys = make(map[string]uint64)
	}
	d.last++
	for _, key := range keys {
		d.keys[key] = d.last
	}
	if len(d.keys) > maxDebts {
		slots := c.clearsOf(d.keys)
		block([]*stamps{c.stamps}, func(*stamps) []slotNo { return slots }) // before they are forgotten
		d.oweSlots(slots, nil)
		clear(d.keys)
	}
	d.many.Store(int64(len(d.keys)))
}

// clearsOf are the slots of Clear by which the entries of keys are judged.
func (c *core) clearsOf(keys map[string]uint64) (slots []slotNo) {
	for key := range keys {
		if clear := c.clearOf(key); !slices.Contains(slots, clear) {
			slots = append(slots, clear)
		}
	}
	return slots
}

// paid notes that the entries under keys were written or deleted after all.
func (d *debts) paid(keys ...string) {
	if d.many.Load() == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		delete(d.keys, key)
	}
	d.many.Store(int64(len(d.keys)))
}

// paidSince is paid for keys that were owed then, as owed returned them, and are
// not owed anew.
func (d *debts) paidSince(owed map[string]uint64, keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		if d.keys[key] == owed[key] {
			delete(d.keys, key)
		}
	}
	d.many.Store(int64(len(d.keys)))
}

// owed returns what is owed now.
func (d *debts) owed() (slots map[slotNo]debt, keys map[string]uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slots = make(map[slotNo]debt, len(d.slots))
	for slot, one := range d.slots {
		slots[slot] = debt{one.held, maps.Clone(one.with)}
	}
	return slots, maps.Clone(d.keys)
}
