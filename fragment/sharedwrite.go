package fragment

import (
	"context"
	"errors"
	"time"
)

// What Set and Delete do beside their own where other processes use the Backend
// too.

// viewToSet lets drafts that no fill computed see the stamps of now, and gives
// their keys new ones: fills of other processes that are under way no longer
// store.
func (c *core) viewToSet(ctx context.Context, drafts []*draft) error {
	if c.shared == nil {
		return nil
	}
	keys := make([]string, len(drafts))
	var life time.Duration
	for i, d := range drafts {
		keys[i], life = d.key, max(life, d.life())
		d.view.guard = c.near.guard(d.key)
	}
	own, err := c.writeKeyStamps(ctx, keys, stampTTL(life))
	if err != nil {
		return unwritten(err)
	}
	seen, err := c.seeToSet(ctx, drafts[0].tags)
	if err != nil {
		return unwritten(err)
	}
	for _, d := range drafts {
		d.view.at, d.view.own = seen, own[d.key]
	}
	return nil
}

// seeToSet looks at the stamps of tags, and creates those that are not there.
func (c *core) seeToSet(ctx context.Context, tags []string) (*sight, error) {
	slots := []slotNo{clearSlot, epochSlot}
	for _, tag := range tags {
		slots = append(slots, c.stamps.slotOf(tag))
	}
	seen, err := c.shared.readStamps(ctx, slots, c.getManyToWrite)
	if err == nil {
		seen, err = c.createStamps(ctx, seen)
	}
	return seen, err
}

// settleSet notes which drafts are owed to the Backend: what was there before
// may remain.
func (c *core) settleSet(drafts []*draft) {
	if c.shared == nil {
		return
	}
	var owed, paid []string
	for _, d := range drafts {
		if errors.Is(d.why, errBackend) || errors.Is(d.why, errUnseen) {
			owed = append(owed, d.key)
			continue
		}
		paid = append(paid, d.key)
	}
	c.shared.debts.paid(paid...)
	if len(owed) > 0 {
		c.oweKeys(owed)
		c.mend()
	}
}

// missedTurn notes keys that were to be set or deleted by one who did not get
// their lanes in time.
func (c *core) missedTurn(keys []Key) {
	texts, err := c.textsOf(keys)
	if c.shared == nil || err != nil {
		return
	}
	c.oweKeys(texts)
	c.outdate(texts)
	c.mend()
}

// removeForGood deletes entries whose lanes the caller holds, so that no fill of
// another process brings them back.
func (c *core) removeForGood(ctx context.Context, keys []string) error {
	if c.shared == nil {
		return c.remove(ctx, keys...)
	}
	err := c.removeWithStamps(ctx, keys)
	if err == nil {
		c.shared.debts.paid(keys...)
		return nil
	}
	c.oweKeys(keys)
	c.mend()
	return err
}

func (c *core) removeWithStamps(ctx context.Context, keys []string) error {
	all := make([]string, 0, 2*len(keys))
	for _, key := range keys {
		all = append(all, c.shared.keyOfKey(key), key)
	}
	return c.remove(ctx, all...)
}
