package fragment

import (
	"context"
	"slices"
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
func (c *core) look(ctx context.Context, tags []string, filling bool, asks ...*ask) {
	order, began := c.order(), time.Now()
	for _, a := range asks {
		a.view.order = order
	}
	if c.isDown() {
		return
	}
	slots := []slotNo{clearSlot}
	if filling {
		slots = append(slots, epochSlot)
	}
	for _, some := range [][]string{c.policy.Tags, tags} {
		for _, tag := range some {
			slots = append(slots, c.stamps.slotOf(tag))
		}
	}
	for _, a := range asks {
		slots = append(slots, c.shared.guess(a.key)...)
	}
	slots = distinct(slots)
	seen, raws, err := c.readWithStamps(ctx, slots, asks)
	if err != nil {
		if ctx.Err() == nil { // else it is the caller who gave up
			c.fault(ctx, asks[0].name, "get", began, err)
		}
		return
	}
	unknown := c.decodeAll(ctx, asks, raws, seen)
	if len(unknown) > 0 {
		more, err := c.readStamps(ctx, unknown)
		if err != nil {
			if ctx.Err() == nil {
				c.fault(ctx, asks[0].name, "get", began, err)
			}
			more = new(sight)
		}
		seen.known = append(seen.known, more.known...)
	}
	for _, a := range asks {
		a.view.at, a.e.asked = seen, began
		a.found = c.judgeShared(a, raws[a.key] != nil)
	}
}

func distinct(slots []slotNo) []slotNo {
	slices.Sort(slots)
	return slices.Compact(slots)
}

// readWithStamps reads the entries of asks, the stamps of their keys and those
// of slots.
func (c *core) readWithStamps(ctx context.Context, slots []slotNo, asks []*ask) (*sight, map[string][]byte, error) {
	keys := make([]string, 0, 2*len(asks)+len(slots))
	for _, a := range asks {
		keys = append(keys, a.key, c.shared.keyOfKey(a.key))
	}
	for _, slot := range slots {
		keys = append(keys, c.shared.keyOfSlot(slot))
	}
	seen := &sight{known: make([]stamped, 0, len(slots)+4)}
	found, err := c.getMany(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	for i, slot := range slots {
		seen.known = append(seen.known, stamped{slot: slot, stamp: stampIn(found, keys[2*len(asks)+i])})
	}
	seen.asked = len(slots) // an entry may carry any, and many
	for i, a := range asks {
		a.view.own = stampIn(found, keys[2*i+1])
	}
	return seen, found, nil
}

// decodeAll decodes what was read, drops what is no entry, and returns the slots
// that the entries carry and nobody has looked at.
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
		for rest := a.e.tags; ; {
			tag, slot, _, after, ok := nextTag(rest)
			if !ok {
				break
			}
			if rest = after; len(tag) == 0 {
				continue
			}
			slots = append(slots, slot)
			if !slices.ContainsFunc(seen.known, func(s stamped) bool { return s.slot == slot }) {
				unknown = append(unknown, slot)
			}
		}
		c.shared.remember(a.key, slots, a.e)
	}
	return distinct(unknown)
}

// judgeShared tells what an entry that was decoded is worth, by the stamps that
// were seen.
func (c *core) judgeShared(a *ask, there bool) state {
	now := time.Now().UnixNano()
	if !there || now >= a.e.dead || a.e.clear == 0 || a.e.clear != a.view.at.of(clearSlot) {
		return missing
	}
	// In this order: keys that are too many are forgotten once Clear is blocked.
	if c.shared.debts.owes(a.key) || c.stamps.isBlocked(clearSlot) {
		return missing
	}
	rest := a.e.tags
	for range a.e.ntags {
		tag, slot, stamp, after, ok := nextTag(rest)
		switch {
		case !ok:
			return missing
		case len(tag) == 0 && (stamp == 0 || stamp != a.view.own):
			return missing
		case len(tag) > 0 && (!isStamp(stamp) || stamp != a.view.at.of(slot) || c.stamps.isBlocked(slot)):
			return missing
		}
		rest = after
	}
	if now >= a.e.fresh {
		return stale
	}
	return fresh
}
