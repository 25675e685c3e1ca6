package fragment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// put writes the entries of drafts in their lanes, each unless somebody wrote or
// deleted its key since its turn, and notes why it is not stored. Lanes are held
// in the order of their keys, as all do who hold several.
func (c *core) put(ctx context.Context, drafts []*draft) {
	ctx, tell := c.hold(ctx)
	defer tell()
	ctx, cancel := c.writing(ctx)
	defer cancel()
	slices.SortFunc(drafts, func(a, b *draft) int { return strings.Compare(a.key, b.key) })
	var held []*draft
	defer func() {
		for _, d := range held {
			d.lane.release()
		}
	}()
	for _, d := range drafts {
		if d.why = d.lane.enter(ctx, d.turn); d.why == nil {
			held = append(held, d)
		}
	}
	c.prolongFor(ctx, held)
	c.write(ctx, held)
}

// life is how long the entry lives from when it was made.
func (d *draft) life() time.Duration { return until(d.entry.dead, d.entry.created) }

// enter holds the lane for a fill that took that turn, unless it is over.
func (one *lane) enter(ctx context.Context, turn uint64) error {
	if err := one.hold(ctx); err != nil {
		return fmt.Errorf("%w: %w", errBackend, err)
	}
	if turn < one.least {
		one.release()
		return errOverwritten
	}
	one.least = turn // a fill that began before this one, and ends after it, is older
	return nil
}

// write writes drafts whose lanes the caller holds: in one trip if that is
// possible, else one by one, so that one that the Backend refuses is deleted and
// costs the others nothing.
func (c *core) write(ctx context.Context, drafts []*draft) {
	var failed error
	if len(drafts) > 1 {
		failed = c.writeAtOnce(ctx, drafts)
	}
	for _, d := range drafts {
		if len(drafts) == 1 || failed != nil && (c.shared == nil || failedAt(failed, c.shared.noOf(d.key))) {
			d.put = time.Now()
			d.why = unwritten(c.writeOne(ctx, d))
		}
	}
	for _, d := range drafts {
		if d.why == nil {
			c.keepWritten(ctx, d)
		}
	}
}

func (c *core) writeAtOnce(ctx context.Context, drafts []*draft) error {
	var longest time.Duration
	raws := make(map[string][]byte, len(drafts))
	for _, d := range drafts {
		longest = max(longest, d.life())
		raws[d.key] = d.raw
	}
	defer c.wrote(ctx, keysOf(drafts)...)
	return c.setMany(ctx, raws, longest)
}

func keysOf(drafts []*draft) []string {
	keys := make([]string, len(drafts))
	for i, d := range drafts {
		keys[i] = d.key
	}
	return keys
}

// writeOne writes a draft and its companions. Those go first: who finds the
// entry finds them too.
func (c *core) writeOne(ctx context.Context, d *draft) error {
	beside, err := c.writeBeside(ctx, d)
	if err == nil {
		err = c.set(ctx, d.key, d.raw, d.life())
	}
	if err != nil && len(beside) > 0 { // a companion does not stay alone
		err = errors.Join(err, c.remove(ctx, beside...))
	}
	return err
}

// writeBeside writes the companions of a draft, and returns the keys of those
// that may be there.
func (c *core) writeBeside(ctx context.Context, d *draft) (keys []string, err error) {
	if len(d.beside) == 0 {
		return nil, nil
	}
	for _, one := range d.beside {
		keys = append(keys, c.key(one.key))
	}
	var own map[string]uint64
	if c.shared != nil {
		if own, err = c.writeKeyStamps(ctx, keys, stampTTL(d.life())); err != nil {
			return nil, err
		}
	}
	for i, one := range d.beside {
		e := d.entry
		e.own = own[keys[i]]
		if err := c.clearBeside(d, keys[i], &e); err != nil {
			return keys[:i], err
		}
		raw, _ := e.encode(c.bound(keys[i]), one.key.name, d.stamped, one.value)
		if raw, err = c.sealed(keys[i], raw); err != nil {
			return keys[:i], err
		}
		if err = c.set(ctx, keys[i], raw, d.life()); err != nil {
			return keys[:i+1], err
		}
	}
	return keys, nil
}

// clearBeside gives a companion of a draft the stamp of Clear by which it is judged:
// it may lie on another shard.
func (c *core) clearBeside(d *draft, key string, e *entry) error {
	if !c.isSplit() {
		return nil
	}
	clear := c.clearOf(key)
	if _, ok := c.stamps.since(clear, d.mark); !ok {
		return errOutdated
	}
	if e.clear = d.view.at.of(clear); !isStamp(e.clear) {
		return errUnseen
	}
	return nil
}

// unwritten tells a value that a Backend does not take, or is not given, from a
// fault.
func unwritten(err error) error {
	if err == nil || errors.Is(err, ErrTooLarge) || errors.Is(err, errTransform) || err == errOutdated || err == errUnseen {
		return err
	}
	return fmt.Errorf("%w: %w", errBackend, err)
}
