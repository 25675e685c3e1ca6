package fragment

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// prepare gives stamps to what jobs, which are about to be filled, have seen
// without one. Where that fails they cannot be stored.
func (c *core) prepare(ctx context.Context, jobs []*job) {
	if c.shared == nil {
		return
	}
	began := time.Now()
	if err := c.prepareTo(ctx, jobs); err != nil {
		c.fault(ctx, jobs[0].name, "set", began, err)
	}
}

func (c *core) prepareTo(ctx context.Context, jobs []*job) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	var life time.Duration
	var keys []string
	var seen, made *sight
	for _, j := range jobs {
		if j.view.at == nil {
			continue
		}
		if j.view.at != seen { // those that were looked up together share one
			var err error
			seen = j.view.at
			if made, err = c.createStamps(ctx, seen); err != nil {
				return err
			}
		}
		j.view.at = made
		if j.view.own == 0 {
			keys = append(keys, j.key)
			life = max(life, c.shared.lifeOf(j.key, &j.policy))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	own, err := c.writeKeyStamps(ctx, keys, life)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if stamp, ok := own[j.key]; ok {
			j.view.own = stamp
		}
	}
	return nil
}

// createStamps gives a stamp to those slots in seen that are wanted and have none,
// and returns what there is to see then; others may be looking at seen. Of many
// fills that begin at once on an empty Backend one does that: whose stamp is
// replaced by that of another one has filled in vain.
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
	now, err := c.readStamps(ctx, none)
	if err != nil {
		return nil, err
	}
	left := now.without()
	if err := c.createEach(ctx, left); err != nil {
		return nil, err
	}
	if len(left) > 0 { // another process may have done the same: the last word counts
		if now, err = c.readStamps(ctx, none); err != nil {
			return nil, err
		}
	}
	return seen.with(now), nil
}

// with returns s with the stamps from now where it has none.
func (s *sight) with(now *sight) *sight {
	both := &sight{known: slices.Clone(s.known), asked: s.asked}
	for i := range both.known {
		if one := &both.known[i]; one.stamp == 0 {
			one.stamp = now.of(one.slot)
		}
	}
	return both
}

// without returns the wanted slots that have no stamp.
func (s *sight) without() (none []slotNo) {
	for _, one := range s.known[:s.asked] {
		if one.stamp == 0 {
			none = append(none, one.slot)
		}
	}
	return none
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
	found, err := c.getMany(ctx, []string{key})
	if _, there := found[key]; err != nil || !there || stampIn(found, key) != 0 {
		return err
	}
	return c.trySet(ctx, key, encodeStamp(stamp), Forever)
}

// writeKeyStamps gives keys new stamps, for entries that live so long.
func (c *core) writeKeyStamps(ctx context.Context, keys []string, life time.Duration) (map[string]uint64, error) {
	stamps, items := make(map[string]uint64, len(keys)), make(map[string][]byte, len(keys))
	for _, key := range keys {
		stamps[key] = newStamp()
		items[c.shared.keyOfKey(key)] = encodeStamp(stamps[key])
	}
	return stamps, c.setStamps(ctx, items, keyStampTTL(life))
}

// keyStampTTL is how long the stamp of a key is there for an entry that lives so
// long: with room for some refills, each of which relies on it.
func keyStampTTL(life time.Duration) time.Duration {
	if life > Forever/4 {
		return Forever
	}
	return max(4*life, time.Hour)
}
