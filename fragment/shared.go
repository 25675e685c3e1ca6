package fragment

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// shared are the stamps of a Backend that other processes use too. The Backend
// holds them: for each slot of a tag that is in use, for Clear and, while it
// matters, for each key that was set or deleted, a random number. An entry
// carries those that were seen before its fill began, and is valid while they are
// there unchanged. A stamp that was evicted or lost is never the same again: a
// miss.
//
// A tag that becomes known only inside a fill has no stamp from before. For
// those there is one more number, the epoch, which each invalidation changes. If
// it is still what it was before the fill, nothing was invalidated meanwhile.
//
// An invalidation takes three steps, each in all caches that are concerned before
// the next:
//
//	its slots are blocked        no entry is valid and no fill may store
//	the epoch changes
//	its slots change
//
// When the first is done nothing old can be read any more. A fill that has read
// something old before that has seen the epoch from before the second step; and
// whoever finds the new stamp of a tag, after the third, finds a new epoch too.
//
// A key's stamp keeps a fill of another process, which began before the key was
// set or deleted, from bringing back what was there. Without one, after
// keyStampTTL, there is no such fill left.
type shared struct {
	prefix  string // of the keys of stamps
	seed    maphash.Seed
	guesses [1 << 12]atomic.Pointer[guess]
	looks   atomic.Uint64
	debts   debts
	breaker breaker
}

const (
	epochSlot   = clearSlot - 1
	keyStampTTL = 10 * time.Minute
	blockedTTL  = 30 * time.Second // a process that dies amid an invalidation leaves no slot blocked
	stampSize   = 8
)

func newShared(prefix string, maxFaults int) *shared {
	s := &shared{prefix: prefix + "!", seed: maphash.MakeSeed()}
	s.breaker.limit = maxFaults
	return s
}

// keyOfSlot is where the Backend holds the stamp of a slot.
func (s *shared) keyOfSlot(slot slotNo) string {
	switch slot {
	case clearSlot:
		return s.prefix + "clear"
	case epochSlot:
		return s.prefix + "epoch"
	}
	return s.prefix + strconv.FormatUint(uint64(slot), 16)
}

// keyOfKey is where the Backend holds the stamp of a key.
func (s *shared) keyOfKey(key string) string { return s.prefix + "k|" + key[len(s.prefix)-1:] }

// newStamp is a number that never was.
func newStamp() uint64 {
	for {
		if n := rand.Uint64(); n != 0 && n != blocked {
			return n
		}
	}
}

func encodeStamp(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// decodeStamp is zero for what is no stamp.
func decodeStamp(p []byte) uint64 {
	if len(p) != stampSize {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
}

// A sight is what one look saw of the stamps. A slot that is not known has the
// stamp 0, and so has one without a stamp.
type sight struct {
	order uint64 // of the looks of this process
	known []stamped
}

func (s *sight) of(slot slotNo) uint64 {
	for i := range s.known {
		if s.known[i].slot == slot {
			return s.known[i].stamp
		}
	}
	return 0
}

// A view is what was seen before a fill: the stamps, and that of its own key.
// In a Backend of this process there is nothing to see, and at is nil, as it is
// where the Backend could not be read.
type view struct {
	at  *sight
	own uint64
}

// agrees reports whether an answer made of what v saw may be given to one who
// saw other: that look came first, or nothing that concerns tags was invalidated
// between the two.
func (v view) agrees(other view, s *stamps, tags []string) bool {
	switch {
	case other.at == nil: // he could not read the Backend, and knows no better
		return true
	case v.at == nil:
		return false
	case v.at.order >= other.at.order:
		return true
	case v.own != other.own || v.at.of(clearSlot) != other.at.of(clearSlot):
		return false
	}
	if epoch := v.at.of(epochSlot); epoch != 0 && epoch == other.at.of(epochSlot) {
		return true
	}
	for _, tag := range tags {
		slot := s.slotOf(tag)
		if stamp := v.at.of(slot); stamp == 0 || stamp != other.at.of(slot) {
			return false
		}
	}
	return true
}

// stampShared gives the tags of a draft the stamps that the Backend held before
// its fill.
func (c *core) stampShared(ctx context.Context, d *draft) error {
	if d.view.at == nil {
		return errUnseen
	}
	switch d.entry.clear = d.view.at.of(clearSlot); d.entry.clear {
	case 0:
		return errUnseen
	case blocked:
		return errOutdated
	}
	d.stamped = append(make([]stamped, 0, len(d.tags)+1), stamped{stamp: d.view.own}) // without a tag: that of the key
	late := make(map[slotNo]uint64)
	for _, tag := range d.tags {
		t := stamped{tag: tag, slot: c.stamps.slotOf(tag)}
		if t.stamp = d.view.at.of(t.slot); t.stamp == 0 || t.stamp == blocked {
			late[t.slot] = 0
		}
		d.stamped = append(d.stamped, t)
	}
	c.rememberTags(d)
	if len(late) == 0 {
		return nil
	}
	if err := c.stampLate(ctx, d.view.at, late); err != nil {
		return err
	}
	for i := range d.stamped {
		if t := &d.stamped[i]; late[t.slot] != 0 && t.tag != "" {
			t.stamp = late[t.slot]
		}
	}
	return nil
}

// rememberTags remembers the tags of a draft for the next look.
func (c *core) rememberTags(d *draft) {
	slots := make([]slotNo, 0, len(d.tags))
	for _, t := range d.stamped[1:] {
		slots = append(slots, t.slot)
	}
	c.shared.remember(d.key, slots)
}

// stampLate finds the stamps of slots that were not known before the fill, in
// this order: the stamps, then the epoch.
func (c *core) stampLate(ctx context.Context, before *sight, late map[slotNo]uint64) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	var slots []slotNo
	for slot := range late {
		slots = append(slots, slot)
	}
	now, err := c.readStamps(ctx, slots)
	if err != nil {
		return unwritten(err)
	}
	for _, slot := range slots {
		switch stamp := now.of(slot); stamp {
		case blocked:
			return errOutdated
		case 0:
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
	now, err = c.readStamps(ctx, []slotNo{epochSlot})
	if err != nil {
		return unwritten(err)
	}
	if epoch := before.of(epochSlot); epoch == 0 || epoch != now.of(epochSlot) {
		return errOutdated
	}
	return nil
}

// readStamps reads the stamps of slots.
func (c *core) readStamps(ctx context.Context, slots []slotNo) (*sight, error) {
	keys := make([]string, len(slots))
	for i, slot := range slots {
		keys[i] = c.shared.keyOfSlot(slot)
	}
	found, err := c.getMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	seen := new(sight)
	for i, slot := range slots {
		seen.known = append(seen.known, stamped{slot: slot, stamp: decodeStamp(found[keys[i]])})
	}
	return seen, nil
}

// createStamp gives a slot a stamp. Where the Backend cannot add it writes one
// and returns 0: somebody else may have done the same.
func (c *core) createStamp(ctx context.Context, slot slotNo) (uint64, error) {
	key, stamp := c.shared.keyOfSlot(slot), newStamp()
	added, err := c.add(ctx, key, encodeStamp(stamp), Forever)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return 0, c.trySet(ctx, key, encodeStamp(stamp), Forever)
	case err != nil:
		return 0, err
	case !added:
		return 0, c.replaceForeign(ctx, key, stamp)
	}
	return stamp, nil
}

// replaceForeign writes a stamp over bytes that are none, which nobody else would
// do before the next invalidation, and until then no fill could store.
func (c *core) replaceForeign(ctx context.Context, key string, stamp uint64) error {
	found, err := c.getMany(ctx, []string{key})
	if held, there := found[key]; err != nil || !there || decodeStamp(held) != 0 {
		return err
	}
	return c.trySet(ctx, key, encodeStamp(stamp), Forever)
}

// moveShared is an invalidation of what pick names in several caches: see shared.
// It returns, for each cache, why that was not told.
func moveShared(ctx context.Context, cores []*core, pick slotPicker) []error {
	errs := make([]error, len(cores))
	each := func(step func(c *core, slots []slotNo) error) {
		for i, c := range cores {
			if errs[i] == nil {
				errs[i] = step(c, pick(c.stamps))
			}
		}
	}
	each(func(c *core, slots []slotNo) error {
		return c.writeStamps(ctx, slots, func() uint64 { return blocked }, blockedTTL)
	})
	each(func(c *core, _ []slotNo) error { return c.writeStamps(ctx, []slotNo{epochSlot}, newStamp, Forever) })
	each(func(c *core, slots []slotNo) error { return c.writeStamps(ctx, slots, newStamp, Forever) })
	return errs
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

// writeKeyStamps gives keys, whose lanes the caller holds, new stamps.
func (c *core) writeKeyStamps(ctx context.Context, keys []string) (map[string]uint64, error) {
	stamps, items := make(map[string]uint64, len(keys)), make(map[string][]byte, len(keys))
	for _, key := range keys {
		stamps[key] = newStamp()
		items[c.shared.keyOfKey(key)] = encodeStamp(stamps[key])
	}
	return stamps, c.setStamps(ctx, items, keyStampTTL)
}

// setStamps writes items, if it can be in one trip.
func (c *core) setStamps(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	if len(items) > 1 {
		return c.setMany(ctx, items, ttl)
	}
	for key, value := range items {
		return c.trySet(ctx, key, value, ttl)
	}
	return nil
}
