package fragment

import (
	"context"
	"errors"
	"slices"
	"sync"
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

// On a Backend of several shards the stamp of a tag and the epoch that guards it lie
// on the same one, j, and an entry that carries the tag may lie on another one, i. Let
// a fill learn of the tag late, having read something old. Before that it has seen
// epoch j as it was before the second step. To store, it reads the stamp of the tag,
// then epoch j, both on j:
//
//	epoch j is the same    the second step was not done yet, so that the stamp that
//	                       was read before it is one of before the last step, or a
//	                       block: it is not that of its slot when all is done
//	epoch j is another     nothing is stored
//	j does not answer      nothing is stored; nor if it did not before the fill
//	j has lost all         its epoch is gone, and what comes instead never was
//
// Whether i answers, to whom, or when what was written there arrives does not matter:
// i holds nothing that the tag is judged by. If j does not answer the one who
// invalidates, that fails, and is told again later, by all of these steps: nobody was
// promised anything before that. If j stood still and is back with all it had, what it
// is asked then it answers as of then. What it was told before, and does only now, may
// be a block, which ends by itself; a new epoch, which costs a miss; or a last step
// that comes late: then the slot has a stamp which was never before, as if it had
// been invalidated once more, and an epoch that was changed before that.
//
// Between shards the steps are as between caches: no epoch changes before all slots
// are blocked, on all shards that answer, and no slot before all epochs. Of several
// tags each carries what was made of it wherever it is. Clear has no such tag: what
// others made, on a shard that was told, of what lay on one that was not, has new
// stamps. So all shards are told again with the last that was not: see trySlots.

// movesOf are invalidations of slots in several caches, by cache and shard.
func movesOf(cores []*core, slots func(*core) []slotNo) (all moves) {
	for _, c := range cores {
		some := slots(c)
		if !c.isSplit() {
			all = append(all, &sharedMove{core: c, slots: some})
			continue
		}
		by := make([][]slotNo, len(c.shared.shards))
		for _, slot := range some {
			no := c.shared.noOfSlot(slot)
			by[no] = append(by[no], slot)
		}
		for no, some := range by {
			if len(some) > 0 {
				all = append(all, &sharedMove{core: c, no: no, slots: some})
			}
		}
	}
	return all
}

// run tells the Backends.
func (all moves) run(ctx context.Context) {
	for range maxMoves {
		all.each(ctx, (*sharedMove).blockSlots)
		all.each(ctx, (*sharedMove).changeEpoch)
		all.each(ctx, (*sharedMove).findOwn)
		if !slices.ContainsFunc(all, func(m *sharedMove) bool { return m.err == nil && m.unblocked }) {
			break
		}
	}
	all.each(ctx, (*sharedMove).changeOwn)
}

// errOf is why a cache was not told, or not all of it.
func (all moves) errOf(c *core) error {
	var errs shardErrors
	for _, m := range all {
		if m.core == c && m.err != nil {
			errs = append(errs, m.err)
		}
	}
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return errs
}

// told reports whether a slot of a cache was told.
func (all moves) told(c *core, slot slotNo) bool {
	return !slices.ContainsFunc(all, func(m *sharedMove) bool {
		return m.core == c && m.err != nil && m.no == c.shared.noOfSlot(slot)
	})
}

// settled reports whether a slot of a cache was told, and the same in those with it, or
// in all: what they hold may be made of what is there.
func (all moves) settled(c *core, slot slotNo, with map[*core]struct{}) bool {
	if !all.told(c, slot) {
		return false
	}
	return !slices.ContainsFunc(all, func(m *sharedMove) bool {
		if _, is := with[m.core]; m.core == c || m.err == nil || with != nil && !is {
			return false
		}
		return slot >= firstOwnSlot || !all.told(m.core, slot)
	})
}

// maxMoves is how often an invalidation may begin anew.
const maxMoves = 10

// errUnblocked is the fault of one that does so all the time.
var errUnblocked = errors.New("fragment: what is invalidated is unblocked by others all the time")

// A sharedMove is an invalidation in one cache, on one shard.
type sharedMove struct {
	*core
	no        int // of the shard
	slots     []slotNo
	block     uint64   // what they are blocked by
	own       []slotNo // those that still are
	unblocked bool     // some are not blocked at all
	err       error    // it has failed
}

type moves []*sharedMove

// each takes one step of those that have not failed; side by side where one that
// hangs must not use up the time of others.
func (all moves) each(ctx context.Context, step func(*sharedMove, context.Context) error) {
	var others sync.WaitGroup
	for _, m := range all {
		switch {
		case m.err != nil:
		case len(all) > 1 && m.isSplit():
			others.Go(func() { m.err = step(m, ctx) })
		default:
			m.err = step(m, ctx)
		}
	}
	others.Wait()
}

func (m *sharedMove) blockSlots(ctx context.Context) error {
	m.block = newBlock()
	return m.writeStamps(ctx, m.slots, func() uint64 { return m.block }, blockedTTL)
}

func (m *sharedMove) changeEpoch(ctx context.Context) error {
	return m.writeStamps(ctx, []slotNo{epochSlotOf(m.no)}, newStamp, Forever)
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
