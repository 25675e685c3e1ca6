package fragment

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// change runs f alone among the writers of k in this process.
func (c *Cache) change(ctx context.Context, verb string, k Key, f func(ctx context.Context, core *core, k Key, key string) error) error {
	core, err := c.open()
	if err != nil {
		return err
	}
	ctx, tell := core.hold(ctx)
	defer tell()
	ctx, cancel := core.writing(ctx)
	defer cancel()
	done, err := core.take(ctx, []Key{k})
	if err != nil {
		return fmt.Errorf("fragment: %s: %w", verb, err)
	}
	defer done()
	if err := f(ctx, core, k, core.key(k)); err != nil {
		return fmt.Errorf("fragment: %s %q: %w", verb, k.name, err)
	}
	return nil
}

// Touch gives the fresh entry of k a new life by p, from now on; its value and
// tags stay. It reports whether there was such an entry. With a negative TTL
// the entry stays as it is.
func (c *Cache) Touch(ctx context.Context, k Key, p Policy) (ok bool, err error) {
	if other := c.instead(k); other != nil {
		return other.Touch(ctx, k, c.core.Load().insteadPolicy(p))
	}
	err = c.change(ctx, "touch", k, func(ctx context.Context, core *core, k Key, key string) error {
		var e entry
		found, err := core.lookupToChange(ctx, k.name, key, &e)
		if found != fresh || e.negative {
			return err
		}
		ok = true
		if p = p.or(&core.policy); p.TTL < 0 {
			return nil
		}
		now := time.Now().UnixNano()
		e.fresh = p.within(now, p.freshUntil(now))
		e.dead = p.within(now, p.deadUntil(e.fresh))
		core.prolong(ctx, k.name, until(e.dead, time.Now().UnixNano()), key)
		return core.rewrite(ctx, key, &e)
	})
	return ok && err == nil, err
}

// lookupToChange is lookup for one who must know if the Backend could not be read.
func (c *core) lookupToChange(ctx context.Context, name, key string, e *entry) (found state, err error) {
	if c.shared == nil {
		return c.lookupLocal(ctx, name, key, e)
	}
	found, seen := c.lookupShared(ctx, name, key, nil, false, e)
	switch {
	case seen.at != nil:
		return found, nil
	case c.isDownAt(key):
		return missing, ErrDown
	}
	return missing, errUnread
}

// errUnread says that what was to be changed may be there, as it was.
var errUnread = errors.New("fragment: the backend could not be read")

// rewrite writes an entry that was read, with other deadlines or another value.
// Its stamps stay those of the value. The caller holds the lane.
func (c *core) rewrite(ctx context.Context, key string, e *entry) error {
	tags := make([]stamped, 0, e.ntags)
	whole := e.eachTag(func(tag []byte, slot slotNo, stamp uint64) bool {
		tags = append(tags, stamped{string(tag), slot, stamp})
		return true
	})
	if !whole {
		return errNoEntry
	}
	name := string(e.name)
	raw, _ := e.encode(c.bound(key), name, tags, e.value)
	raw, err := c.sealed(key, raw)
	if err != nil {
		return err
	}
	began := time.Now()
	err = c.set(ctx, key, raw, max(until(e.dead, time.Now().UnixNano()), 1))
	if err != nil {
		c.fault(ctx, name, "set", began, err)
	}
	return err
}

// Delete removes the entries of keys. A fill of one of them that is under way
// no longer stores, and is waited for by nobody who asks after Delete. A key
// without an entry is not an error. Delete returns the fault of the Backend.
func (c *Cache) Delete(ctx context.Context, keys ...Key) error {
	core, err := c.open()
	if err != nil || len(keys) == 0 {
		return err
	}
	return errors.Join(core.deleteAll(ctx, keys), core.forgetIn(ctx, keys))
}

func (c *core) deleteAll(ctx context.Context, keys []Key) error {
	ctx, tell := c.hold(ctx)
	defer tell()
	ctx, cancel := c.writing(ctx)
	defer cancel()
	done, err := c.take(ctx, keys)
	if err != nil {
		c.missedTurn(keys)
		return fmt.Errorf("fragment: delete: %w", err)
	}
	defer done()
	texts, _ := c.textsOf(keys)
	began := time.Now()
	if err := c.removeForGood(ctx, texts); err != nil {
		c.fault(ctx, keys[0].name, "delete", began, err)
		return fmt.Errorf("fragment: delete: %w", err)
	}
	for _, k := range keys {
		c.tell(ctx, Event{Kind: EventInvalidate, Name: k.name, Reason: "delete", Start: began})
	}
	return nil
}
