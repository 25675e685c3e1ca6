package fragment

import (
	"context"
	"errors"
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
	for _, j := range jobs {
		if j.view.at == nil {
			continue
		}
		if err := c.createStamps(ctx, j.view.at); err != nil {
			return err
		}
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

// createStamps gives a stamp to those slots in seen that are wanted and have none.
// Of many fills that begin at once on an empty Backend one does that: whose stamp
// is replaced by that of another one has filled in vain.
func (c *core) createStamps(ctx context.Context, seen *sight) error {
	none := seen.without()
	if len(none) == 0 {
		return nil
	}
	select {
	case c.shared.creates <- struct{}{}:
		defer func() { <-c.shared.creates }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	now, err := c.readStamps(ctx, none)
	if err != nil {
		return err
	}
	left := now.without()
	for _, slot := range left {
		if _, err := c.createStamp(ctx, slot); err != nil {
			return err
		}
	}
	if len(left) > 0 { // another process may have done the same: the last word counts
		if now, err = c.readStamps(ctx, none); err != nil {
			return err
		}
	}
	for i := range seen.known {
		if s := &seen.known[i]; s.stamp == 0 {
			s.stamp = now.of(s.slot)
		}
	}
	return nil
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
