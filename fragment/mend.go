package fragment

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Between two tries. Reads are let through at the latest after one more of these,
// of a call, and of settling: within two seconds of the recovery.
const (
	firstTry = 100 * time.Millisecond
	lastTry  = 250 * time.Millisecond
)

// mend sees to it that the Backend is told what it is owed, and that its breaker
// closes when it answers, by a goroutine that ends when both are done.
func (c *core) mend() {
	d := &c.shared.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.busy {
		d.busy = c.background.run(c.mending)
	}
}

func (c *core) mending() {
	ctx := c.background.life
	for wait := firstTry; ; wait = min(2*wait, lastTry) {
		if !sleep(ctx, wait-time.Duration(rand.Int64N(int64(wait/5)))) {
			return
		}
		if c.try(ctx) == nil && c.mended(ctx) {
			return
		}
	}
}

// mended closes the breaker in time, and reports whether nothing is left to do.
func (c *core) mended(ctx context.Context) bool {
	state := c.probe(ctx)
	d := &c.shared.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = state != closed || len(d.slots)+len(d.keys)+len(d.gone) > 0
	return !d.busy
}

// try asks the Backend something, and if that answers, tells it what it is owed.
func (c *core) try(ctx context.Context) error {
	began := time.Now()
	if err := c.answers(ctx); err != nil {
		c.complain(ctx, began, err)
		return err
	}
	if c.shared.breaker.now() == open {
		c.probe(ctx)
	}
	ctx, cancel := c.writing(ctx)
	defer cancel()
	slots, with, keys := c.shared.debts.owed()
	if err := c.trySlots(ctx, slots, with); err != nil {
		return err
	}
	err := c.tryKeys(ctx, keys)
	c.tryLeases(ctx)
	return err
}

// answers returns nil if the Backend answers within the budget of a read: one that
// takes longer would have all reads fail, and writes that hang for the whole of
// their budget would keep it from being told soon after it is back.
func (c *core) answers(ctx context.Context) error {
	ctx, cancel := c.reading(ctx)
	defer cancel()
	return guarded(func() error {
		_, err := GetMany(ctx, c.backend, []string{c.shared.keyOfSlot(clearSlot)}) // as reads do
		return err
	})
}

// probe tells the breaker that the Backend answers.
func (c *core) probe(ctx context.Context) (state breakerState) {
	state, changed := c.shared.breaker.answered(time.Now())
	if changed {
		if state == closed {
			c.shared.complaints.forget()
		}
		c.tell(ctx, Event{Kind: EventBreaker, Reason: state.String()})
	}
	return state
}

// trySlots tells the Backend of slots, and those of the caches with it, and
// unblocks them here.
func (c *core) trySlots(ctx context.Context, slots map[slotNo]int, with []*core) error {
	if len(slots) == 0 {
		return nil
	}
	list, cores := slices.Collect(maps.Keys(slots)), []*core{c}
	for _, other := range with {
		if other != c && !other.closed.Load() {
			cores = append(cores, other)
		}
	}
	pick := func(*stamps) []slotNo { return list }
	if err := errors.Join(moveShared(ctx, cores, pick)...); err != nil {
		return err
	}
	d := &c.shared.debts
	d.mu.Lock()
	var holds []slotNo
	for slot, n := range slots {
		holds = append(holds, slices.Repeat([]slotNo{slot}, n)...)
		if d.slots[slot] -= n; d.slots[slot] == 0 {
			delete(d.slots, slot)
		}
	}
	if len(d.slots) == 0 {
		clear(d.with)
	}
	d.mu.Unlock()
	move([]*stamps{c.stamps}, func(*stamps) []slotNo { return holds })
	return nil
}

// tryKeys deletes the entries under keys, of which somebody may have written one
// meanwhile: that costs a miss.
func (c *core) tryKeys(ctx context.Context, owed map[string]uint64) error {
	const atOnce = 100
	for some := range slices.Chunk(slices.Collect(maps.Keys(owed)), atOnce) {
		if err := c.removeWithStamps(ctx, some); err != nil {
			return err
		}
		c.shared.debts.paidSince(owed, some)
	}
	return nil
}
