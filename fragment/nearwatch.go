package fragment

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How long a copy is kept near by default, and where nobody tells what others
// change.
const (
	defaultNearTTL   = time.Minute
	unwatchedNearTTL = time.Second
)

// checkNear reports what is wrong with the Near of a Cache over b.
func checkNear(b Backend, o *Options) error {
	switch {
	case o.NearTTL < 0 || o.NearJitter < 0 || o.NearJitter > 1:
		return fmt.Errorf("fragment: Options.NearTTL is %v and NearJitter is %v: want a duration, or 0 for the default, and a fraction from 0 to 1", o.NearTTL, o.NearJitter)
	case o.Near == nil && (o.NearTTL != 0 || o.NearJitter != 0):
		return errors.New("fragment: Options.NearTTL and NearJitter are of Options.Near, which is nil: want a Backend such as that of bigcache there")
	case o.Near != nil && isInProcess(b):
		return errors.New("fragment: Options.Near is set, and the Backend itself is in the memory of this process: leave Near out")
	case o.Near != nil && !isInProcess(o.Near):
		return errors.New("fragment: Options.Near is not in the memory of this process: want a Backend such as that of bigcache there")
	}
	return nil
}

// keepNear begins to keep copies near, if o says so. Otherwise others may, and have to
// hear of what this process changes.
func (c *core) keepNear(o *Options) error {
	if o.Near == nil {
		return guarded(func() error { Tell(c.backend, c.prefix); return nil })
	}
	c.near = newNear(o)
	return c.watch()
}

// watchTimeout is how long it may take to begin to watch.
const watchTimeout = 5 * time.Second

// watch has the Backend tell what others change.
func (c *core) watch() error {
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	err := guarded(func() error { return Watch(ctx, c.backend, c.prefix, c.changed) })
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		c.near.byDefault(unwatchedNearTTL)
	case err != nil:
		return fmt.Errorf("fragment: Options.Near: what others change cannot be watched: %w", err)
	default:
		c.near.watched = true
		c.near.byDefault(defaultNearTTL)
	}
	return nil
}

func (n *near) byDefault(ttl time.Duration) {
	if n.ttl == 0 {
		n.ttl = ttl
	}
}

// changed is told which keys of the Backend others have changed, or nothing, if
// it may have been any.
func (c *core) changed(keys ...string) {
	if len(keys) == 0 {
		c.near.flushes.Add(1)
		return
	}
	var slots []slotNo
	for _, key := range keys {
		switch name, stamp := strings.CutPrefix(key, c.shared.prefix); {
		case !stamp:
			c.changedEntry(key)
		default:
			if key, ok := c.shared.entryOf(name); ok {
				c.changedEntry(c.prefix + key)
			} else if slot, ok := c.shared.slotNamed(name); ok {
				slots = append(slots, slot)
			}
		}
	}
	c.stamps.renew(slots)
}

func (c *core) changedEntry(key string) {
	s := c.near.shard(key)
	c.near.dropOne(context.Background(), s, &s.others, key)
}

// slotNamed is the reverse of keyOfSlot, behind the prefix. An epoch says nothing of
// any entry.
func (s *shared) slotNamed(name string) (slot slotNo, ok bool) {
	for _, one := range s.shards {
		if name == one.clear[len(s.prefix):] {
			return clearSlotOf(one.no), true
		}
	}
	n, err := strconv.ParseUint(name, 16, 32)
	return slotNo(n), err == nil && n < sharedSlots
}
