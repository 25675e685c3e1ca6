package fragment

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// What Set and Delete do beside their own where other processes use the Backend
// too.

// viewToSet lets drafts that no fill computed see the stamps of now, and gives
// their keys new ones: fills of other processes that are under way no longer
// store. It notes why a draft cannot be stored, where that fails.
func (c *core) viewToSet(ctx context.Context, drafts []*draft) {
	if c.shared == nil {
		return
	}
	keys := make([]string, len(drafts))
	var life time.Duration
	for i, d := range drafts {
		keys[i], life = d.key, max(life, d.life())
		d.view.guard = c.near.guard(d.key)
	}
	own, unstamped := c.writeKeyStamps(ctx, keys, stampTTL(life))
	var seen *sight
	var unseen error
	if !c.shared.failedAll(unstamped, keys) {
		seen, unseen = c.seeToSet(ctx, keys, drafts[0].tags)
	}
	for _, d := range drafts {
		no := c.shared.noOf(d.key)
		switch {
		case failedAt(unstamped, no):
			d.why = unwritten(unstamped)
		case seen == nil || seen.isAway(no):
			d.why = unwritten(unseen)
		default:
			d.view.at, d.view.own = seen, own[d.key]
		}
	}
}

// seeToSet looks at the stamps of tags, and those that judge the entries of keys, and
// creates those that are not there. If some shards fail and others do not it returns
// both an error and what there is to see then.
func (c *core) seeToSet(ctx context.Context, keys, tags []string) (*sight, error) {
	var slots []slotNo
	for _, tag := range tags {
		slots = append(slots, c.stamps.slotOf(tag))
	}
	slots = append(slots, c.shared.epochsOf(slots)...)
	for _, key := range keys {
		slots = append(slots, c.clearOf(key))
	}
	seen, err := c.shared.readStamps(ctx, slots, c.getManyToWrite)
	if seen == nil {
		return nil, err
	}
	made, failed := c.createStamps(ctx, seen)
	return made, cmp.Or(err, failed)
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
	var owed, paid []string
	for _, key := range keys {
		if failedAt(err, c.shared.noOf(key)) {
			owed = append(owed, key)
		} else {
			paid = append(paid, key)
		}
	}
	c.shared.debts.paid(paid...)
	c.oweKeys(owed)
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
