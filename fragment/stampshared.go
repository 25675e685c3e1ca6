package fragment

import (
	"context"
	"maps"
	"slices"
	"time"
)

// stampShared gives the tags of a draft the stamps that the Backend held before
// its fill.
func (c *core) stampShared(ctx context.Context, d *draft) error {
	if d.view.at == nil {
		return errUnseen
	}
	if d.hung.is(c.shared.at(d.key), time.Now()) {
		return errHung
	}
	d.entry.own = d.view.own
	switch d.entry.clear = d.view.at.of(c.clearOf(d.key)); {
	case d.entry.clear == 0 || !isStamp(d.entry.own):
		return errUnseen
	case isBlock(d.entry.clear):
		return errOutdated
	}
	late := make(map[slotNo]uint64)
	for i := range d.stamped {
		t := &d.stamped[i]
		if t.stamp = d.view.at.of(t.slot); !isStamp(t.stamp) {
			late[t.slot] = 0
		}
	}
	c.rememberTags(d)
	if len(late) == 0 {
		return nil
	}
	for slot := range late {
		if d.hung.is(c.shared.shards[c.shared.noOfSlot(slot)], time.Now()) {
			return errHung
		}
	}
	if err := c.stampLate(ctx, d.view.at, late); err != nil {
		return err
	}
	for i := range d.stamped {
		if t := &d.stamped[i]; late[t.slot] != 0 {
			t.stamp = late[t.slot]
		}
	}
	return nil
}

// rememberTags remembers the tags of a draft for the next look.
func (c *core) rememberTags(d *draft) {
	slots := make([]slotNo, 0, len(d.tags))
	for _, t := range d.stamped {
		slots = append(slots, t.slot)
	}
	c.shared.remember(d.key, slots)
}

// stampLate finds the stamps of slots that were not known before the fill, in
// this order: the stamps, then the epochs of their shards. See sharedmove.go.
func (c *core) stampLate(ctx context.Context, before *sight, late map[slotNo]uint64) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	slots := slices.Collect(maps.Keys(late))
	if slices.ContainsFunc(slots, func(slot slotNo) bool { return before.isAway(c.shared.noOfSlot(slot)) }) {
		return errUnseen // nor is the epoch known
	}
	now, err := c.shared.readStamps(ctx, slots, c.getManyToWrite)
	if err != nil {
		return unwritten(err)
	}
	for _, slot := range slots {
		switch stamp := now.of(slot); {
		case isBlock(stamp):
			return errOutdated
		case stamp == 0:
			// Only an Adder can create it without the risk to undo what an
			// invalidation is doing: others store next time.
			if late[slot], err = c.createStamp(ctx, slot); err != nil {
				return unwritten(err)
			}
			if late[slot] == 0 {
				return errOutdated
			}
		default:
			late[slot] = stamp
		}
	}
	return c.testEpochs(ctx, before, slots)
}

// testEpochs reports that slots may have been invalidated since their epochs were seen.
func (c *core) testEpochs(ctx context.Context, before *sight, slots []slotNo) error {
	epochs := c.shared.epochsOf(slots)
	now, err := c.shared.readStamps(ctx, epochs, c.getManyToWrite)
	if err != nil {
		return unwritten(err)
	}
	for _, epoch := range epochs {
		if !before.sameAs(now, epoch) {
			return errOutdated
		}
	}
	return nil
}

// epochsOf are the slots of the epochs that an invalidation of slots changes.
func (s *shared) epochsOf(slots []slotNo) []slotNo {
	if !s.isSplit() {
		return []slotNo{epochSlot}
	}
	var epochs []slotNo
	for _, slot := range slots {
		epochs = append(epochs, epochSlotOf(s.noOfSlot(slot)))
	}
	return distinct(epochs)
}
