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
		found, was, err := core.lookupToChange(ctx, k.name, key, &e)
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
		return core.rewrite(ctx, key, was, &e)
	})
	return ok && err == nil, err
}

// lookupToChange is lookup for one who must know if the Backend could not be read, and
// what it holds, where others use it too.
func (c *core) lookupToChange(ctx context.Context, name, key string, e *entry) (found state, was []byte, err error) {
	if c.shared == nil {
		found, err = c.lookupLocal(ctx, name, key, e)
		return found, nil, err
	}
	asks := asksFor(1, func(int) (string, string) { return name, key })
	c.look(ctx, nil, false, asks)
	*e = *asks[0].e
	switch {
	case asks[0].view.at != nil:
		return asks[0].found, asks[0].raw, nil
	case c.isDownAt(key):
		return missing, nil, ErrDown
	}
	return missing, nil, errUnread
}

// errUnread says that what was to be changed may be there, as it was.
var errUnread = errors.New("fragment: the backend could not be read")

// rewrite writes an entry that was read, as was, with other deadlines or another value.
// Its stamps stay those of the value. The caller holds the lane.
func (c *core) rewrite(ctx context.Context, key string, was []byte, e *entry) error {
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
	err = c.replace(ctx, key, was, raw, max(until(e.dead, time.Now().UnixNano()), 1))
	if err != nil {
		c.fault(ctx, name, "set", began, err)
	}
	return err
}

// replace writes raw where was is. What another process has filled meanwhile stays,
// where the Backend can see to that: it is newer, and has the same stamps.
func (c *core) replace(ctx context.Context, key string, was, raw []byte, ttl time.Duration) error {
	if c.shared == nil {
		return c.set(ctx, key, raw, ttl)
	}
	defer c.wrote(ctx, key)
	_, err := c.swap(ctx, key, was, raw, ttl)
	if errors.Is(err, errors.ErrUnsupported) {
		return c.set(ctx, key, raw, ttl)
	}
	return err
}

func (c *core) swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	err = c.callAt(ctx, key, false, func(ctx context.Context, b Backend) error {
		swapped, err = Swap(ctx, b, key, old, value, ttl)
		return err
	})
	return swapped, err
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
