package fragment

import (
	"context"
	"slices"
)

// What a look and a fill see of the stamps of a Backend of several shards. A look
// asks those shards alone that have something to do with it, so that most hits are one
// trip to one of them. A fill has to have seen the epochs of all: a tag that becomes
// known only inside of it may lie anywhere; and the stamps of Clear of all: so may
// what StoreWith stores beside it.

// besides adds to slots, whose stamps a look asks for, those of Clear, and with
// filling the epochs, of the shards that it goes to anyhow.
func (s *shared) besides(slots []slotNo, filling bool, asks []*ask) []slotNo {
	visited, keyed := make([]bool, len(s.shards)), make([]bool, len(s.shards))
	for _, slot := range slots {
		visited[s.noOfSlot(slot)] = true
	}
	for _, a := range asks {
		no := s.shardOf(a.key)
		visited[no], keyed[no] = true, true
	}
	for no := range visited {
		if keyed[no] {
			slots = append(slots, clearSlotOf(no))
		}
		if visited[no] && filling {
			slots = append(slots, epochSlotOf(no))
		}
	}
	return slots
}

// others are the slots of Clear and the epochs, of all shards, that seen does not
// know, of those that did not fail to tell.
func (s *shared) others(seen *sight) (slots []slotNo) {
	for no := range s.shards {
		if seen.isAway(no) {
			continue
		}
		for _, slot := range []slotNo{clearSlotOf(no), epochSlotOf(no)} {
			if !seen.knows(slot) {
				slots = append(slots, slot)
			}
		}
	}
	return slots
}

// seeToFill completes what asks have seen, if one of them may have to be filled.
func (c *core) seeToFill(ctx context.Context, seen *sight, asks []*ask) {
	misses := func(a *ask) bool { return a.found != fresh && a.view.at != nil }
	if slices.ContainsFunc(asks, misses) {
		seen.widen(c.seeOthers(ctx, asks, seen))
	}
}

// seeOthers reads what seen does not know of the shards and a fill has to have seen.
func (c *core) seeOthers(ctx context.Context, asks []*ask, seen *sight) *sight {
	if slots := c.shared.others(seen); len(slots) > 0 {
		return c.seeMore(ctx, asks, slots)
	}
	return nil
}

// widen adds what another look saw, as such that a fill relies on.
func (s *sight) widen(more *sight) {
	if more != nil { // what was read for a fill is wanted
		s.join(more)
	}
}

// seeAll completes what jobs have seen that are about to be filled though they found
// something fresh. Others may be looking at what they have.
func (c *core) seeAll(ctx context.Context, jobs []*job) {
	if !c.isSplit() {
		return
	}
	whole := make(map[*sight]*sight)
	for _, j := range jobs {
		seen := j.view.at
		if seen == nil || len(c.shared.others(seen)) == 0 {
			continue
		}
		if whole[seen] == nil {
			both := &sight{known: slices.Clone(seen.known), away: slices.Clone(seen.away)}
			both.widen(c.seeOthers(ctx, []*ask{{name: j.name, key: j.key}}, seen))
			whole[seen] = both
		}
		j.view.at = whole[seen]
	}
}
