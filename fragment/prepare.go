package fragment

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// prepare gives stamps to what jobs, which are about to be filled, have seen
// without one. Where that fails they cannot be stored.
func (c *core) prepare(ctx context.Context, jobs []*job) {
	if c.shared == nil {
		return
	}
	c.seeAll(ctx, jobs)
	c.wantKnown(jobs)
	began := time.Now()
	if err := c.prepareTo(ctx, jobs); err != nil {
		c.fault(ctx, jobs[0].name, "set", began, err)
	}
}

func (c *core) prepareTo(ctx context.Context, jobs []*job) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	var lasts time.Duration
	var keys []string
	var seen, made *sight
	var failed error // of some shards
	for _, j := range jobs {
		if j.view.at == nil {
			continue
		}
		if j.view.at != seen { // those that were looked up together share one
			var err error
			seen = j.view.at
			if made, err = c.createStamps(ctx, seen); made == nil {
				return err
			}
			failed = cmp.Or(failed, err)
		}
		j.view.at = made
		if !isStamp(j.view.own) {
			keys = append(keys, j.key)
			lasts = max(lasts, c.stampTTLToFill(&j.policy))
		}
	}
	if len(keys) == 0 {
		return failed
	}
	own, err := c.writeKeyStamps(ctx, keys, lasts)
	for _, j := range jobs {
		if stamp, ok := own[j.key]; ok && !failedAt(err, c.shared.noOf(j.key)) {
			j.view.own, j.view.lasts = stamp, lasts
		}
	}
	return cmp.Or(failed, err)
}

// createStamps gives a stamp to those slots in seen that are wanted and have none,
// and returns what there is to see then; others may be looking at seen. Of many
// fills that begin at once on an empty Backend one does that: whose stamp is
// replaced by that of another one has filled in vain. If some shards fail and others
// do not it returns both an error and what there is to see then.
func (c *core) createStamps(ctx context.Context, seen *sight) (*sight, error) {
	none := seen.without()
	if len(none) == 0 {
		return seen, nil
	}
	select {
	case c.shared.creates <- struct{}{}:
		defer func() { <-c.shared.creates }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	now, err := c.shared.readStamps(ctx, none, c.getManyToWrite)
	if now == nil {
		return nil, err
	}
	left := now.without()
	if failed := c.createEach(ctx, left); failed != nil {
		if err = cmp.Or(err, failed); !c.isSplit() {
			return nil, err
		}
	}
	if len(left) > 0 { // another process may have done the same: the last word counts
		var failed error
		if now, failed = c.shared.readStamps(ctx, none, c.getManyToWrite); now == nil {
			return nil, failed
		}
		err = cmp.Or(err, failed)
	}
	return seen.with(now), err
}

// createEach gives stamps to slots, all at the same time: they share one budget.
func (c *core) createEach(ctx context.Context, slots []slotNo) error {
	errs := make([]error, len(slots))
	var all sync.WaitGroup
	for i, slot := range slots {
		all.Go(func() { _, errs[i] = c.createStamp(ctx, slot) })
	}
	all.Wait()
	return errors.Join(errs...)
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
	found, err := c.getManyToWrite(ctx, []string{key})
	if _, there := found[key]; err != nil || stampIn(found, key) != 0 || !there && !c.isUnreadable(ctx, key) {
		return err
	}
	return c.trySet(ctx, key, encodeStamp(stamp), Forever)
}

// isUnreadable reports whether the Backend cannot return what is under key though
// it can be asked for many keys, such as what is of another type in Redis.
func (c *core) isUnreadable(ctx context.Context, key string) bool {
	return guarded(func() error {
		_, _, err := c.shared.at(key).backend.Get(ctx, key)
		return err
	}) != nil
}
