package fragment

import (
	"context"
	"time"
)

// Get returns the fresh value of k. A miss is ok == false; a stored nil or
// empty value is not a miss. A fault of the Backend is an Event and a miss: err
// is that of an invalid key or of a closed Cache, or wraps ErrNotFound if that is
// what is stored: the answer that there is nothing. A Cache that is declared but
// not opened holds nothing.
//
// Inside a fill, what Get returns becomes a part of what is being filled.
func (c *Cache) Get(ctx context.Context, k Key) (value []byte, ok bool, err error) {
	if other := c.instead(k); other != nil {
		c.core.Load().lends(ctx)
		return other.Get(ctx, k)
	}
	var e entry
	core, ok, err := c.peek(ctx, k, &e)
	if core == nil || err != nil {
		return nil, false, err
	}
	if !ok {
		core.miss(ctx, k.name, missing)
		return nil, false, nil
	}
	value, err = core.hit(ctx, k.name, &e, scopeOf(ctx))
	return value, err == nil, err
}

// Has reports whether a fresh value of k is stored. It is not counted as a hit
// or a miss.
func (c *Cache) Has(ctx context.Context, k Key) (bool, error) {
	if other := c.instead(k); other != nil {
		return other.Has(ctx, k)
	}
	var e entry
	_, ok, err := c.peek(ctx, k, &e)
	return ok && !e.negative, err
}

// TTL returns how long the value of k is still fresh, at most Forever. A miss
// is ok == false.
func (c *Cache) TTL(ctx context.Context, k Key) (left time.Duration, ok bool, err error) {
	if other := c.instead(k); other != nil {
		return other.TTL(ctx, k)
	}
	var e entry
	_, ok, err = c.peek(ctx, k, &e)
	if !ok || e.negative || err != nil {
		return 0, false, err
	}
	return until(e.fresh, time.Now().UnixNano()), true, nil
}

// peek reads the entry of k into e and reports whether it is fresh. The core is
// nil for a cache that is only declared.
func (c *Cache) peek(ctx context.Context, k Key, e *entry) (*core, bool, error) {
	if err := k.Err(); err != nil {
		return nil, false, err
	}
	core, err := c.open()
	if err == ErrNotOpen {
		c.warnUnopened(ctx)
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	key := core.key(k)
	around := scopeOf(ctx)
	return core, core.isNear(ctx, around, key, e) || core.isAhead(ctx, around, k.name, key, e) || core.lookup(ctx, k.name, key, e) == fresh, nil
}

// GetMany returns the fresh values of keys; what is absent from the map is a
// miss, or known not to be there. It takes one round trip where the Backend can.
// Its errors are those of Get.
func (c *Cache) GetMany(ctx context.Context, keys []Key) (map[Key][]byte, error) {
	if other := c.instead(keys...); other != nil {
		c.core.Load().lends(ctx)
		return other.GetMany(ctx, keys)
	}
	core, err := c.open()
	if err == ErrNotOpen {
		c.warnUnopened(ctx)
		return map[Key][]byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	texts, err := core.textsOf(keys)
	if err != nil {
		return nil, err
	}
	around, values := scopeOf(ctx), make(map[Key][]byte, len(keys))
	asks := asksFor(len(keys), func(i int) (name, key string) { return keys[i].name, texts[i] })
	core.lookupMany(ctx, nil, false, core.notNear(ctx, around, asks, nil))
	for i, a := range asks {
		if a.found != fresh {
			core.miss(ctx, a.name, missing)
			continue
		}
		if value, err := core.hit(ctx, a.name, a.e, around); err == nil {
			values[keys[i]] = value
		}
	}
	return values, nil
}
