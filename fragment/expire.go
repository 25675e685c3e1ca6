package fragment

import (
	"context"
	"errors"
	"time"
)

// Expire makes the entries of keys stale from now on: the next Do fills anew,
// but until the entry would have died, and if that fill fails, Do can still
// return the old value. Use Delete where that must not happen. On a Backend that
// other processes use and that is no Swapper, Expire deletes them. A fill of one of
// keys that is under way no longer stores. A key without an entry is not an error.
//
// Expire returns the fault of the Backend; what could not be made stale is then
// deleted in the background, as soon as it can be.
func (c *Cache) Expire(ctx context.Context, keys ...Key) error {
	core, err := c.open()
	if err != nil {
		return err
	}
	errs := []error{core.forgetIn(ctx, keys)}
	for _, k := range keys {
		err := c.change(ctx, "expire", k, expire)
		if err != nil {
			core.missedTurn([]Key{k})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// expire makes the entry of k stale. The caller holds its lane.
func expire(ctx context.Context, c *core, k Key, key string) error {
	var e entry
	found, was, err := c.lookupToChange(ctx, k.name, key, &e)
	switch {
	case err != nil:
		return errors.Join(err, c.removeUnread(ctx, key))
	case c.shared != nil:
		return c.expireShared(ctx, k.name, key, found, was, &e)
	case found != fresh:
		return nil
	}
	return c.rewriteStale(ctx, key, was, &e)
}

// removeUnread removes an entry of this process that could not be read.
func (c *core) removeUnread(ctx context.Context, key string) error {
	if c.shared != nil {
		return nil // it is owed
	}
	return c.remove(ctx, key)
}

// expireShared gives the key another stamp, so that fills of other processes that
// are under way no longer store, and what is there that new one. Both must be of
// one moment: between a look at the entry and a new stamp for its key
//
//	another process sets or deletes it;
//	the old entry is written again, under the new stamp
//
// would bring back what was there. Where the Backend cannot see to that, the entry
// is deleted.
func (c *core) expireShared(ctx context.Context, name, key string, found state, was []byte, e *entry) (err error) {
	for range maxMoves {
		if found == missing {
			break
		}
		own := newStamp()
		swapped, err := c.swap(ctx, c.shared.keyOfKey(key), encodeStamp(e.own), encodeStamp(own), stampTTL(until(e.dead, time.Now().UnixNano())))
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
		if err != nil {
			return err
		}
		if swapped {
			e.own = own
			return c.rewriteStale(ctx, key, was, e)
		}
		if found, was, err = c.lookupToChange(ctx, name, key, e); err != nil {
			return err
		}
	}
	return c.removeForGood(ctx, []string{key})
}

// rewriteStale writes e as stale from now on, if it is fresh.
func (c *core) rewriteStale(ctx context.Context, key string, was []byte, e *entry) error {
	e.fresh = min(e.fresh, time.Now().UnixNano())
	if e.negative {
		e.dead = e.fresh
	}
	err := c.rewrite(ctx, key, was, e)
	if errors.Is(err, errTransform) { // then it must not stay fresh
		err = errors.Join(err, c.remove(ctx, key))
	}
	return err
}
