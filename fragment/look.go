package fragment

import (
	"context"
	"time"
)

// An ask is one key that is looked up in a Backend that others use too.
type ask struct {
	name  string
	key   string
	e     *entry
	found state
	view  view
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
	seen, raws, err := c.readWithStamps(ctx, c.slotsToSee(tags, filling, asks), asks)
	if err != nil {
		c.unread(ctx, asks[0].name, began, err)
	}
	if seen == nil {
		return
	}
	if unknown := c.decodeAll(ctx, asks, raws, seen); len(unknown) > 0 {
		seen.add(c.seeMore(ctx, asks[0].name, unknown))
	}
	for _, a := range asks {
		if a.e.asked = began; seen.isAway(c.shared.noOf(a.key)) {
			continue
		}
		a.view.at = seen
		if a.found = c.judgeShared(a, raws[a.key] != nil); a.found == fresh {
			c.keepRead(ctx, a.key, a.e, mark, a.view.guard)
		}
	}
	if filling && c.isSplit() {
		c.seeToFill(ctx, seen, asks)
	}
}

// seeMore reads the stamps of slots in a trip of its own. What cannot be read is not
// known, and its shards are not asked again.
func (c *core) seeMore(ctx context.Context, name string, slots []slotNo) *sight {
	began := time.Now()
	more, err := c.shared.readStamps(ctx, slots, c.getMany)
	if err != nil {
		c.unread(ctx, name, began, err)
	}
	if more == nil {
		more = c.shared.forget(new(sight), err)
	}
	return more
}

// unread tells of a read that failed, unless it is the caller who gave up.
func (c *core) unread(ctx context.Context, name string, began time.Time, err error) {
	if ctx.Err() == nil {
		c.fault(ctx, name, "get", began, err)
	}
}

// slotsToSee are the slots whose stamps a look asks for at once.
func (c *core) slotsToSee(tags []string, filling bool, asks []*ask) []slotNo {
	slots := make([]slotNo, 0, 8)
	if !c.isSplit() {
		slots = append(slots, clearSlot)
		if filling {
			slots = append(slots, epochSlot)
		}
	}
	for _, some := range [][]string{c.policy.Tags, tags} {
		for _, tag := range some {
			slots = append(slots, c.stamps.slotOf(tag))
		}
	}
	for _, a := range asks {
		slots = append(slots, c.shared.guess(a.key)...)
	}
	if c.isSplit() {
		slots = c.shared.besides(slots, filling, asks)
	}
	return distinct(slots)
}

// readWithStamps reads the entries of asks, the stamps of their keys and those
// of slots, which are in order. If some shards fail and others do not it returns both
// an error and what those hold.
func (c *core) readWithStamps(ctx context.Context, slots []slotNo, asks []*ask) (*sight, map[string][]byte, error) {
	keys := make([]string, 0, 2*len(asks)+len(slots))
	for _, a := range asks {
		keys = append(keys, a.key, c.shared.keyOfKey(a.key))
	}
	keys = c.shared.appendKeysOf(keys, slots)
	found, err := c.getMany(ctx, keys)
	if c.shared.failedAll(err, keys) {
		return nil, nil, err
	}
	for i, a := range asks {
		a.view.own = stampIn(found, keys[2*i+1])
	}
	return c.shared.forget(sightOf(slots, keys[2*len(asks):], found), err), found, err
}

// decodeAll decodes what was read, drops what is no entry, and returns the slots
// that the entries carry and nobody has looked at: an entry may carry any, and
// many.
func (c *core) decodeAll(ctx context.Context, asks []*ask, raws map[string][]byte, seen *sight) (unknown []slotNo) {
	for _, a := range asks {
		raw, ok := raws[a.key]
		if !ok {
			continue
		}
		if !c.decode(ctx, a.name, a.key, raw, a.e) {
			delete(raws, a.key)
			continue
		}
		var slots []slotNo
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
func (c *core) judgeShared(a *ask, there bool) state {
	now := time.Now().UnixNano()
	switch { // what is owed first: keys that are too many are forgotten once Clear is blocked
	case !there || now >= a.e.dead || c.shared.debts.owes(a.key):
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
