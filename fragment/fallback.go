package fragment

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Cache with a fallback asks that one, in its own stead, while its Backend is
// down. What is invalidated is so in both, always. What the fallback holds in
// memory was true while the Backend was down the last time, and may have been
// invalidated by others since: it is cleared when the Backend goes down again,
// before anybody asks it.

const defaultFallbackTTL = 10 * time.Second

// checkFallback reports what is wrong with the Fallback of a Cache over b.
func checkFallback(b Backend, o *Options) error {
	switch {
	case o.FallbackTTL < 0:
		return fmt.Errorf("fragment: Options.FallbackTTL is %v: want a duration, or 0 for %v", o.FallbackTTL, defaultFallbackTTL)
	case o.Fallback == nil && o.FallbackTTL != 0:
		return errors.New("fragment: Options.FallbackTTL is of Options.Fallback, which is nil: want a Cache there")
	case o.Fallback == nil:
		return nil
	case isInProcess(b):
		return errors.New("fragment: Options.Fallback is set, and the Backend is in the memory of this process, which is never down: leave Fallback out")
	case o.Fallback.core.Load() == nil:
		return errors.New("fragment: Options.Fallback is a Cache that is not open: want one made by New or Open")
	case o.MaxFaults < 0:
		return errors.New("fragment: Options.Fallback is set, and MaxFaults below 0 never takes the Backend for down: leave one of them out")
	}
	return nil
}

// instead returns the fallback, if it is to be asked for keys instead of c now. Of a
// Backend of several shards all are down then; or if the fallback is shared too, those
// that have one of keys. One that is of this process would not be told what others
// invalidate on the shards that are not down, and return nil for.
func (c *Cache) instead(keys ...Key) *Cache {
	k := c.core.Load()
	if k == nil || k.fallback == nil || k.closed.Load() {
		return nil
	}
	if k.isSplit() && k.fallback.core.Load().shared != nil {
		if texts, err := k.textsOf(keys); err != nil || !k.isDownAt(texts...) {
			return nil
		}
		return k.fallback
	}
	if !k.isDown() {
		return nil
	}
	return k.fallback
}

// insteadPolicy is p for what the fallback holds. It is short-lived: others whose
// Backend is not down may invalidate what it was made of, and this process is not
// told.
func (c *core) insteadPolicy(p Policy) Policy {
	p = p.or(&c.policy)
	if p.most == 0 || p.most > c.fallbackTTL {
		p.most = c.fallbackTTL
	}
	return p
}

// lends has the scope in ctx know that a part comes from the fallback, which may not
// have been told that others invalidated it: stored where those others find it, what
// is made of it would show them what they have invalidated themselves. A fallback that
// is shared is told by all.
func (c *core) lends(ctx context.Context) {
	if c.fallback.core.Load().shared == nil {
		scopeOf(ctx).report(part{fresh: forever, unheard: true})
	}
}

// whenDown is called before anybody can know that the Backend is down.
func (c *core) whenDown() {
	if c.fallback == nil {
		return
	}
	if k := c.fallback.core.Load(); k.shared == nil {
		k.stamps.renew([]slotNo{clearSlot})
	}
}

// called gives c its name, unless it has one, and its fallback one like it: who is
// told of both has to know which it is.
func (c *core) called(name string) {
	if c.name.CompareAndSwap(nil, &name) && c.fallback != nil {
		c.fallback.core.Load().called(name + " (fallback)")
	}
}

// forgetIn deletes keys in the fallback, when they are set or deleted in c.
func (c *core) forgetIn(ctx context.Context, keys []Key) error {
	if c.fallback == nil {
		return nil
	}
	return c.fallback.Delete(ctx, keys...)
}

// withFallbacks adds to cores those of their fallbacks.
func withFallbacks(cores []*core) []*core {
	all := cores[:len(cores):len(cores)]
	for _, k := range cores {
		if k.fallback == nil {
			continue
		}
		if other := k.fallback.core.Load(); !other.closed.Load() {
			all = append(all, withFallbacks([]*core{other})...)
		}
	}
	return all
}
