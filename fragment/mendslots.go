package fragment

import (
	"context"
	"slices"
)

// trySlots tells the Backend of slots, and the caches that are to be told with it, and
// unblocks here those that were told. It returns which shards failed; silent is of
// those that did not answer just now, and are not asked. What cannot be told because of
// another cache waits, and keeps nothing else from being told.
func (c *core) trySlots(ctx context.Context, slots map[slotNo]debt, silent error) (failed []bool) {
	failed = make([]bool, len(c.shared.shards))
	cores, want, tried := c.duties(slots, silent)
	if len(tried) == 0 {
		return failed
	}
	all := movesOf(cores, func(k *core) []slotNo { return want[k] })
	all.run(ctx)
	for _, m := range all {
		if m.core == c && m.err != nil {
			failed[m.no] = true
		}
	}
	c.oweClears(all, want[c], slots, tried)
	c.settleSlots(slots, slices.DeleteFunc(tried, func(slot slotNo) bool { return !all.settled(c, slot, slots[slot].with) }))
	return failed
}

// duties are which of slots can be told now, and what of each cache changes with them.
// With one slot of Clear that is owed together with others they all do: see
// movesOf.
func (c *core) duties(slots map[slotNo]debt, silent error) (cores []*core, want map[*core][]slotNo, tried []slotNo) {
	want = make(map[*core][]slotNo)
	for slot, one := range slots {
		if failedAt(silent, c.shared.noOfSlot(slot)) {
			continue
		}
		if one.with == nil {
			want[c], tried = append(want[c], slot), append(tried, slot)
			continue
		}
		if !c.canTell(slot, one) {
			continue
		}
		tried = append(tried, slot)
		for k := range one.with {
			switch {
			case k.closed.Load() && k != c:
			case slot >= firstOwnSlot:
				want[k] = append(want[k], ofClear(k.stamps)...)
			default:
				want[k] = append(want[k], slot)
			}
		}
	}
	for k, some := range want {
		cores, want[k] = append(cores, k), distinct(some)
	}
	return cores, want, tried
}

// canTell reports whether the other caches, that a slot is owed together with, are not
// left alone.
func (c *core) canTell(slot slotNo, one debt) bool {
	for k := range one.with {
		if k == c || k.closed.Load() {
			continue
		}
		for _, at := range k.shared.shards {
			concerned := slot >= firstOwnSlot || at.no == k.shared.noOfSlot(slot)
			if concerned && at.breaker.now() == open {
				return false
			}
		}
	}
	return true
}

// oweClears notes the slots of Clear that had to change with one that was owed, and
// could not.
func (c *core) oweClears(all moves, want []slotNo, slots map[slotNo]debt, tried []slotNo) {
	for _, slot := range want {
		if _, owed := slots[slot]; owed || slot < firstOwnSlot || all.told(c, slot) {
			continue
		}
		block([]*stamps{c.stamps}, func(*stamps) []slotNo { return []slotNo{slot} })
		for _, one := range tried {
			if slots[one].with != nil && one >= firstOwnSlot {
				c.oweSlots([]slotNo{slot}, coresOf(slots[one].with))
				break
			}
		}
	}
}

func coresOf(set map[*core]struct{}) (cores []*core) {
	for k := range set {
		cores = append(cores, k)
	}
	return cores
}

// settleSlots unblocks slots that are owed no longer.
func (c *core) settleSlots(owed map[slotNo]debt, paid []slotNo) {
	d := &c.shared.debts
	d.mu.Lock()
	var holds []slotNo
	for _, slot := range paid {
		n := owed[slot].held
		holds = append(holds, slices.Repeat([]slotNo{slot}, n)...)
		if one := d.slots[slot]; one.held == n {
			delete(d.slots, slot)
		} else {
			one.held -= n
			d.slots[slot] = one
		}
	}
	d.mu.Unlock()
	move([]*stamps{c.stamps}, func(*stamps) []slotNo { return holds })
}
