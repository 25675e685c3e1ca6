package fragment

import (
	"context"
	"slices"
	"sync"
	"time"
)

// An ask is one key that is looked up in a Backend that others use too.
type ask struct {
	name  string
	key   string
	e     *entry
	raw   []byte // what the Backend holds, if that is an entry
	found state
	view  view
}

// A reading is what a look asks for: the keys of entries, each followed by that of
// its stamp, then those of slots.
type reading struct {
	slots  []slotNo
	keys   []string
	values [][]byte
}

// readings are those that nobody needs now. One whose read has failed is none of
// them: the Backend may have left somebody behind who still reads the keys.
var readings = sync.Pool{New: func() any { return new(reading) }}

const maxReading = 1 << 10 // keys of one that is kept

func (r *reading) free() {
	if clear(r.values); len(r.keys) <= maxReading {
		clear(r.keys)
		readings.Put(r)
	}
}

// asksFor returns asks for n keys.
func asksFor(n int, key func(i int) (name, key string)) []*ask {
	asks, entries, list := make([]ask, n), make([]entry, n), make([]*ask, n)
	for i := range list {
		a := &asks[i]
		a.name, a.key = key(i)
		a.e = &entries[i]
		list[i] = a
	}
	return list
}

// look looks asks up, with the stamps by which their entries are judged, in one
// trip; in two if an entry carries tags that nobody expected. tags are those that
// the entries are going to have, as far as that is known. With filling it sees
// what a fill that may follow has to have seen.
func (c *core) look(ctx context.Context, tags []string, filling bool, asks []*ask) {
	order, mark, began := c.order(), c.stamps.mark(), time.Now()
	for _, a := range asks {
		a.view.order, a.view.guard = order, c.near.guard(a.key)
	}
	if c.isDown() {
		return
	}
	seen, err := c.readWithStamps(ctx, tags, filling, asks)
	if err != nil {
		c.unread(ctx, asks, began, err)
	}
	if seen == nil {
		return
	}
	if unknown := c.decodeAll(ctx, asks, seen); len(unknown) > 0 {
		seen.add(c.seeMore(ctx, asks, unknown))
	}
	for _, a := range asks {
		if a.e.asked = began; seen.isAway(c.shared.noOf(a.key)) {
			continue
		}
		a.view.at = seen
		if a.found = c.judgeShared(a); a.found == fresh {
			c.keepRead(ctx, a.key, a.e, mark, a.view.guard)
		}
	}
	if filling && c.isSplit() {
		c.seeToFill(ctx, seen, asks)
	}
}

// seeMore reads the stamps of slots in a trip of its own. What cannot be read is not
// known, and its shards are not asked again.
func (c *core) seeMore(ctx context.Context, asks []*ask, slots []slotNo) *sight {
	began := time.Now()
	more, err := c.shared.readStamps(ctx, slots, c.getMany)
	if err != nil {
		c.unread(ctx, asks, began, err)
	}
	if more == nil {
		more = c.shared.forget(new(sight), err)
	}
	return more
}

// unread tells of a read that failed, unless it is the caller who gave up.
func (c *core) unread(ctx context.Context, asks []*ask, began time.Time, err error) {
	if ctx.Err() != nil {
		return
	}
	if some := c.shared.failedBy(err); c.noteHung(ctx, began, some) {
		for _, a := range asks {
			a.view.hung = some
		}
	}
	c.fault(ctx, asks[0].name, "get", began, err)
}

// slotsToSee finds the slots whose stamps a look asks for at once.
func (c *core) slotsToSee(r *reading, tags []string, filling bool, asks []*ask) {
	slots := r.slots[:0]
	if !c.isSplit() {
		slots = append(slots, clearSlot)
		if filling {
			slots = append(slots, epochSlot)
		}
	}
	for _, tag := range c.policy.Tags {
		slots = append(slots, c.stamps.slotOf(tag))
	}
	for _, tag := range tags {
		slots = append(slots, c.stamps.slotOf(tag))
	}
	for _, a := range asks {
		slots = append(slots, c.shared.guess(a.key)...)
	}
	if c.isSplit() {
		slots = c.shared.besides(slots, filling, asks)
	}
	r.slots = distinct(slots)
}

// readWithStamps reads the entries of asks, the stamps of their keys and those
// of slots. If some shards fail and others do not it returns both an error and what
// those hold.
func (c *core) readWithStamps(ctx context.Context, tags []string, filling bool, asks []*ask) (*sight, error) {
	r := readings.Get().(*reading)
	c.slotsToSee(r, tags, filling, asks)
	r.keys = r.keys[:0]
	for _, a := range asks {
		r.keys = append(r.keys, a.key, c.shared.keyOfKey(a.key))
	}
	r.keys = c.shared.appendKeysOf(r.keys, r.slots)
	r.values = slices.Grow(r.values[:0], len(r.keys))[:len(r.keys)]
	err := c.getInto(ctx, r.keys, r.values)
	if c.shared.failedAll(err, r.keys) {
		return nil, err
	}
	if err == nil {
		defer r.free()
	}
	for i, a := range asks {
		a.raw, a.view.own = r.values[2*i], stampOf(r.values[2*i+1])
	}
	return c.shared.forget(sightOf(r.slots, r.values[2*len(asks):]), err), err
}

// decodeAll decodes what was read, drops what is no entry, and returns the slots
// that the entries carry and nobody has looked at: an entry may carry any, and
// many.
func (c *core) decodeAll(ctx context.Context, asks []*ask, seen *sight) (unknown []slotNo) {
	for _, a := range asks {
		if a.raw == nil {
			continue
		}
		if !c.decode(ctx, a.name, a.key, a.raw, a.e) {
			a.raw = nil
			continue
		}
		slots := make([]slotNo, 0, min(a.e.ntags, maxGuess))
		a.e.eachTag(func(_ []byte, slot slotNo, _ uint64) bool {
			slots = append(slots, slot)
			if !seen.knows(slot) && !seen.isAway(c.shared.noOfSlot(slot)) {
				unknown = append(unknown, slot)
			}
			return true
		})
		c.shared.remember(a.key, slots)
	}
	return unknown
}

// judgeShared tells what an entry that was decoded is worth, by the stamps that
// were seen.
func (c *core) judgeShared(a *ask) state {
	now := time.Now().UnixNano()
	switch { // what is owed first: keys that are too many are forgotten once Clear is blocked
	case a.raw == nil || now >= a.e.dead || c.shared.debts.owes(a.key):
		return missing
	case !isStamp(a.e.own) || a.e.own != a.view.own:
		return missing
	case !c.isCurrent(c.clearOf(a.key), a.e.clear, a.view.at):
		return missing
	}
	valid := a.e.eachTag(func(_ []byte, slot slotNo, stamp uint64) bool { return c.isCurrent(slot, stamp, a.view.at) })
	switch {
	case !valid:
		return missing
	case now >= a.e.fresh:
		return stale
	}
	return fresh
}

// isCurrent reports whether a stamp that an entry carries is the one of its slot,
// and nothing of that is being invalidated by this process.
func (c *core) isCurrent(slot slotNo, stamp uint64, seen *sight) bool {
	return isStamp(stamp) && stamp == seen.of(slot) && !c.stamps.isBlocked(slot)
}
