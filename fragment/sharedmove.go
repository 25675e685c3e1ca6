package fragment

import (
	"context"
	"errors"
	"slices"
	"time"
)

// An invalidation in a Backend that others use takes these steps, each in all
// caches that are concerned before the next:
//
//	its slots are blocked        no entry is valid and no fill may store
//	the epoch changes
//	its slots are looked at      they have to be blocked until here
//	its slots change
//
// When the first is done nothing old can be read any more. A fill that has read
// something old before that has seen the epoch from before the second step; and
// whoever finds the new stamp of a tag, after the last, finds a new epoch too.
//
// Other processes may invalidate the same at once. One that ends meanwhile may
// unblock a slot that it has just seen to be its own, and then
//
//	a fill that has read something old stores it under the stamp of the other;
//	the epoch changes, and a fill that begins then reads that;
//	the slot changes, and that fill stores it under the last stamp.
//
// Thus the third step, which finds that out, as it does if the Backend has lost a
// slot: then all begins anew. A slot that another one has blocked since is left to
// that one to unblock.

// moveShared is an invalidation of what pick names in several caches. It returns,
// for each cache, why that was not told.
func moveShared(ctx context.Context, cores []*core, pick slotPicker) []error {
	all := make(moves, len(cores))
	for i, c := range cores {
		all[i] = &sharedMove{core: c, slots: pick(c.stamps)}
	}
	for range maxMoves {
		all.each(ctx, (*sharedMove).blockSlots)
		all.each(ctx, (*sharedMove).changeEpoch)
		all.each(ctx, (*sharedMove).findOwn)
		if !slices.ContainsFunc(all, func(m *sharedMove) bool { return m.err == nil && m.unblocked }) {
			break
		}
	}
	all.each(ctx, (*sharedMove).changeOwn)
	errs := make([]error, len(all))
	for i, m := range all {
		errs[i] = m.err
	}
	return errs
}

// maxMoves is how often an invalidation may begin anew.
const maxMoves = 10

// errUnblocked is the fault of one that does so all the time.
var errUnblocked = errors.New("fragment: what is invalidated is unblocked by others all the time")

// A sharedMove is an invalidation in one cache.
type sharedMove struct {
	*core
	slots     []slotNo
	block     uint64   // what they are blocked by
	own       []slotNo // those that still are
	unblocked bool     // some are not blocked at all
	err       error    // it has failed
}

type moves []*sharedMove

// each takes one step of those that have not failed.
func (all moves) each(ctx context.Context, step func(*sharedMove, context.Context) error) {
	for _, m := range all {
		if m.err == nil {
			m.err = step(m, ctx)
		}
	}
}

func (m *sharedMove) blockSlots(ctx context.Context) error {
	m.block = newBlock()
	return m.writeStamps(ctx, m.slots, func() uint64 { return m.block }, blockedTTL)
}

func (m *sharedMove) changeEpoch(ctx context.Context) error {
	return m.writeStamps(ctx, []slotNo{epochSlot}, newStamp, Forever)
}

// findOwn looks what has become of the slots.
func (m *sharedMove) findOwn(ctx context.Context) error {
	ctx, cancel := m.writing(ctx)
	defer cancel()
	now, err := m.shared.readStamps(ctx, slices.Clone(m.slots), m.getManyToWrite)
	if err != nil {
		return err
	}
	m.own, m.unblocked = nil, false
	for _, slot := range m.slots {
		switch stamp := now.of(slot); {
		case stamp == m.block:
			m.own = append(m.own, slot)
		case !isBlock(stamp):
			m.unblocked = true
		}
	}
	return nil
}

func (m *sharedMove) changeOwn(ctx context.Context) error {
	if m.unblocked {
		return errUnblocked
	}
	return m.writeStamps(ctx, m.own, newStamp, Forever)
}

func (c *core) writeStamps(ctx context.Context, slots []slotNo, stamp func() uint64, ttl time.Duration) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	items := make(map[string][]byte, len(slots))
	for _, slot := range slots {
		items[c.shared.keyOfSlot(slot)] = encodeStamp(stamp())
	}
	return c.setStamps(ctx, items, ttl)
}
