package fragment

import (
	"context"
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

// mend sees to it that the Backend is told what it is owed, and that its breakers
// close when it answers, by a goroutine that ends when both are done.
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
		c.try(ctx)
		if c.mended() {
			return
		}
	}
}

// mended reports whether nothing is left to do.
func (c *core) mended() bool {
	d := &c.shared.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = c.isHurt() || len(d.slots)+len(d.keys)+len(d.gone) > 0
	return !d.busy
}

// isHurt reports whether a breaker is not closed.
func (c *core) isHurt() bool {
	return slices.ContainsFunc(c.shared.shards, func(one *shard) bool { return one.breaker.now() != closed })
}

// try asks something of each shard that is in need of it, tells those that answer what
// they are owed, and closes the breaker, in time, of who was told. A shard that does not
// answer keeps no other one waiting for longer than a read may take.
func (c *core) try(ctx context.Context) {
	slots, keys := c.shared.debts.owed()
	needy := c.needy(slots, keys)
	silent := c.eachShard(needy, func(one *shard) error { return c.asksAgain(ctx, one) })
	failed := c.trySlots(ctx, slots, silent)
	c.eachShard(needy, func(one *shard) error {
		if failedAt(silent, one.no) || failed[one.no] {
			return nil
		}
		ctx, cancel := c.writing(ctx)
		defer cancel()
		err := c.tryKeys(ctx, one, keys)
		if c.tryLeases(ctx, one); err == nil {
			c.probe(ctx, one)
		}
		return nil
	})
}

// needy are the shards that are left alone, or owed something. Where there is one it
// is that: else nobody would try.
func (c *core) needy(slots map[slotNo]debt, keys map[string]uint64) (some []int) {
	needs := make([]bool, len(c.shared.shards))
	for slot := range slots {
		needs[c.shared.noOfSlot(slot)] = true
	}
	for key := range keys {
		needs[c.shared.noOf(key)] = true
	}
	for _, one := range c.shared.debts.owedLeases() {
		needs[c.shared.noOf(one.key)] = true
	}
	for no, one := range c.shared.shards {
		if needs[no] || !c.isSplit() || one.breaker.now() != closed {
			some = append(some, no)
		}
	}
	return some
}

// asksAgain returns nil if a shard answers, and then lets writes through to it.
func (c *core) asksAgain(ctx context.Context, one *shard) error {
	began := time.Now()
	if err := c.answers(ctx, one); err != nil {
		c.complain(ctx, one, began, err)
		return err
	}
	if one.breaker.now() == open {
		c.probe(ctx, one)
	}
	return nil
}

// answers returns nil if a shard answers within the budget of a read: one that
// takes longer would have all reads fail, and writes that hang for the whole of
// their budget would keep it from being told soon after it is back.
func (c *core) answers(ctx context.Context, one *shard) error {
	ctx, cancel := c.reading(ctx)
	defer cancel()
	return guarded(func() error {
		_, err := GetMany(ctx, one.backend, []string{one.clear}) // as reads do
		return err
	})
}

// probe tells the breaker of a shard that it answers.
func (c *core) probe(ctx context.Context, one *shard) {
	if state, changed := one.breaker.answered(time.Now()); changed {
		if state == closed && !c.isHurt() {
			c.shared.complaints.forget()
		}
		c.tell(ctx, Event{Kind: EventBreaker, Reason: state.String(), Shard: c.shardNo(one)})
	}
}

// tryKeys deletes the entries under keys that a shard has, of which somebody may have
// written one meanwhile: that costs a miss.
func (c *core) tryKeys(ctx context.Context, at *shard, owed map[string]uint64) error {
	const atOnce = 100
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(owed)), func(key string) bool { return c.shared.at(key) != at })
	for some := range slices.Chunk(keys, atOnce) {
		if err := c.removeWithStamps(ctx, some); err != nil {
			return err
		}
		c.shared.debts.paidSince(owed, some)
	}
	return nil
}
