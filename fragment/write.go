package fragment

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Set stores value under k, whatever is there, and keeps a fill of k that is
// under way from storing. The value is copied. With a negative TTL nothing is
// stored. Set returns the fault of the Backend, or an error that wraps
// ErrTooLarge; k is then not stored, and what was there before is deleted.
//
// The caller's cancellation does not stop a write.
func (c *Cache) Set(ctx context.Context, k Key, value []byte, p Policy) error {
	return c.SetMany(ctx, map[Key][]byte{k: value}, p)
}

// SetMany stores items as Set does, in one round trip where the Backend can.
// One that is refused is deleted, and costs the others nothing; the errors are
// joined. With an invalid key nothing is stored.
func (c *Cache) SetMany(ctx context.Context, items map[Key][]byte, p Policy) error {
	core, err := c.open()
	if err != nil {
		return err
	}
	keys := make([]Key, 0, len(items))
	for k := range items {
		if err := k.Err(); err != nil {
			return err
		}
		keys = append(keys, k)
	}
	if p = p.or(&core.policy); p.TTL < 0 || len(items) == 0 {
		return nil
	}
	if other := c.instead(keys...); other != nil {
		core.missedTurn(keys)
		return other.SetMany(ctx, items, core.insteadPolicy(p))
	}
	return errors.Join(core.setEach(ctx, keys, items, p), core.forgetIn(ctx, keys))
}

// setEach writes items, whose keys are keys.
func (c *core) setEach(ctx context.Context, keys []Key, items map[Key][]byte, p Policy) error {
	ctx, tell := c.hold(ctx)
	defer tell()
	ctx, cancel := c.writing(ctx)
	defer cancel()
	done, err := c.take(ctx, keys)
	if err != nil {
		c.missedTurn(keys)
		return fmt.Errorf("fragment: set: %w", err)
	}
	defer done()
	return c.setAll(ctx, items, p)
}

// setAll writes items whose lanes the caller has taken. One that is refused
// is deleted.
func (c *core) setAll(ctx context.Context, items map[Key][]byte, p Policy) error {
	drafts := make([]*draft, 0, len(items))
	for k, value := range items {
		d := &draft{name: k.name, key: c.key(k), policy: &p, value: value, mark: c.stamps.mark(), learnt: nothingLearnt}
		c.live(d)
		drafts = append(drafts, d)
	}
	c.viewToSet(ctx, drafts)
	var ready []*draft
	var errs []error
	for _, d := range drafts {
		if d.why == nil {
			c.seal(ctx, d)
		}
		if d.why != nil {
			if err := c.remove(ctx, d.key); err != nil {
				d.why = fmt.Errorf("%w (%v, and the entry before it may remain)", unwritten(err), d.why)
			}
			continue
		}
		scopeOf(ctx).report(d.part())
		ready = append(ready, d)
	}
	c.write(ctx, ready)
	for _, d := range drafts {
		c.became(ctx, d)
		errs = append(errs, d.refusal())
	}
	c.settleSet(drafts)
	return errors.Join(errs...)
}

// refusal is the error of a Set that did not store d. An invalidation beside
// it is none: the value might as well have been stored just before that. Nor is
// that a cache keeps nothing.
func (d *draft) refusal() error {
	if d.why == nil || errors.Is(d.why, errOutdated) || errors.Is(d.why, errNothing) {
		return nil
	}
	return fmt.Errorf("fragment: set %q: %w", d.name, d.why)
}

// take takes the lanes of keys for a write that is not a fill: fills under way
// no longer store, and callers no longer wait for them. Nor do they, once it is
// done, for those who led meanwhile: they may have found what was still stored.
func (c *core) take(ctx context.Context, keys []Key) (done func(), err error) {
	texts, err := c.textsOf(keys)
	if err != nil {
		return nil, err
	}
	leave, err := c.lanes.take(ctx, texts...)
	if err != nil {
		return nil, err
	}
	c.outdate(texts)
	return func() {
		c.outdate(texts)
		leave()
	}, nil
}

// outdate sees to it that nobody is given what became of a fill of keys that is
// under way or has failed.
func (c *core) outdate(keys []string) {
	for _, key := range keys {
		c.flights.Forget(key)
		c.failures.forget(key)
	}
}

// step is change for what is one step only where nobody outside of this process
// writes. It refuses before it disturbs a fill of k.
func (c *Cache) step(ctx context.Context, verb string, k Key, f func(ctx context.Context, core *core, k Key, key string) error) error {
	if core := c.core.Load(); core != nil && !core.inProcess {
		return fmt.Errorf("fragment: %s %q: %w", verb, k.name, errors.ErrUnsupported)
	}
	return c.change(ctx, verb, k, f)
}

// Add stores value under k only if nothing fresh is there, as one step, and
// reports whether it did. On a Backend that other processes write to as well
// its error wraps errors.ErrUnsupported.
func (c *Cache) Add(ctx context.Context, k Key, value []byte, p Policy) (added bool, err error) {
	err = c.step(ctx, "add", k, func(ctx context.Context, core *core, k Key, key string) error {
		var e entry
		if p = p.or(&core.policy); p.TTL < 0 || core.lookup(ctx, k.name, key, &e) == fresh && !e.negative {
			return nil
		}
		added = true
		return core.setAll(ctx, map[Key][]byte{k: value}, p)
	})
	return added && err == nil, err
}

// Increment adds delta to the number stored under k, as one step, and returns
// the sum. Where nothing fresh is stored it begins at zero, with the policy p;
// otherwise the entry keeps its deadlines and tags. The number is stored as
// decimal text; other text, and a sum beyond int64, is an error. On a Backend
// that other processes write to as well the error wraps errors.ErrUnsupported.
func (c *Cache) Increment(ctx context.Context, k Key, delta int64, p Policy) (sum int64, err error) {
	err = c.step(ctx, "increment", k, func(ctx context.Context, core *core, k Key, key string) error {
		var e entry
		if core.lookup(ctx, k.name, key, &e) != fresh || e.negative {
			sum = delta
			if p = p.or(&core.policy); p.TTL < 0 {
				return nil
			}
			return core.setAll(ctx, map[Key][]byte{k: strconv.AppendInt(nil, sum, 10)}, p)
		}
		old, err := strconv.ParseInt(string(e.value), 10, 64)
		if err != nil {
			return errors.New("what is stored there is not a whole number")
		}
		if sum = old + delta; (sum > old) != (delta > 0) && delta != 0 {
			return errors.New("the sum is beyond int64")
		}
		e.value = strconv.AppendInt(nil, sum, 10)
		return core.rewrite(ctx, key, nil, &e)
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}
