package fragment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// run fills j as the node n of the graph, stores what may be stored, and tells
// the scope around what the answer is made of.
func (c *core) run(ctx context.Context, j *job, n *flight.Node) flight.Result[answer] {
	// In this order: what is invalidated or written after these two lines is
	// noticed, whatever the fill read before or after that.
	lane := c.lanes.join(j.key)
	defer c.lanes.leave(lane)
	turn, mark := lane.turns.Add(1), c.stamps.mark()

	s := newScope(j.around, n)
	ctx = s.in(ctx) // also for the observer, who may ask for the same key
	d := draft{name: j.name, key: j.key, mark: mark, refresh: j.policy.Refresh}
	err := c.fill(ctx, j, s, &d)
	c.tell(ctx, Event{Kind: EventFill, Name: j.name, Err: err, Duration: d.cost, Size: len(d.value)})
	// An error has a mark and tags too: it may be outdated like a value.
	result := flight.Result[answer]{Value: answer{mark: mark, part: d.part(s)}, Err: err}
	if err != nil {
		result.Again = ctx.Err() != nil
		return result
	}
	result.Value.value, result.Again = c.keep(ctx, &d, s, lane, turn)
	return result
}

// fill calls the fill of j, inside of whose scope s ctx is, and drafts the entry.
// Also when the fill fails or panics, what it read is a part of what is around it.
func (c *core) fill(ctx context.Context, j *job, s *scope, d *draft) (err error) {
	began := time.Now()
	defer func() {
		s.end()
		d.tags, d.beside = c.tagsOf(j.policy, s), s.beside
		d.live(j.policy, s, time.Now().UnixNano())
		j.around.report(d.part(s))
	}()
	d.value, err = j.fill(ctx)
	d.cost = time.Since(began)
	n := c.counts.of(j.name)
	n.fills.Add(1)
	n.fillTime.Add(int64(d.cost))
	return err
}

// tagsOf puts together the tags of the Cache, of the call and of the parts.
func (c *core) tagsOf(p Policy, s *scope) []string {
	tags := make([]string, 0, len(c.policy.Tags)+len(p.Tags)+len(s.tags))
	for _, some := range [][]string{c.policy.Tags, p.Tags} {
		for _, tag := range some {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	own := tags
	for _, tag := range s.tags {
		if !slices.Contains(own, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// keep stores the draft of a fill unless something speaks against it, and
// returns the copy of its value for all callers. again is true if what was
// filled is already out of date, so that nobody but its own caller may have it.
func (c *core) keep(ctx context.Context, d *draft, s *scope, lane *lane, turn uint64) (value []byte, again bool) {
	raw, value, why := c.seal(d, s)
	if why == nil {
		why = c.put(ctx, d, raw, lane, turn)
	}
	s.became(why)
	c.became(ctx, d, why)
	return value, errors.Is(why, errOutdated) || errors.Is(why, errOverwritten)
}

// became counts and tells whether a draft was stored; why not is nil if it was.
func (c *core) became(ctx context.Context, d *draft, why error) {
	switch {
	case why == nil:
		c.counts.stores.Add(1)
		c.tell(ctx, Event{Kind: EventStore, Name: d.name, Size: len(d.value), Duration: d.cost})
	case errors.Is(why, errBackend):
		c.fault(ctx, d.name, "set", why)
	default:
		c.counts.skips.Add(1)
		c.tell(ctx, Event{Kind: EventSkip, Name: d.name, Reason: why.Error(), Size: len(d.value)})
	}
}

// put writes the entries of a draft in its lane, if nobody wrote or deleted the
// key since turn. The companions go first: who finds the entry finds them
// too.
func (c *core) put(ctx context.Context, d *draft, raw []byte, lane *lane, turn uint64) error {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	if err := lane.hold(ctx); err != nil {
		return fmt.Errorf("%w: %w", errBackend, err)
	}
	defer lane.release()
	if turn < lane.least {
		return errOverwritten
	}
	if d.refresh {
		lane.least = turn
	}
	ttl := until(d.entry.dead, d.entry.created)
	var beside []string
	var err error
	for _, one := range d.beside {
		key := c.key(one.key)
		bytes, _ := d.entry.encode(c.bound(key), one.key.name, d.stamped, one.value)
		beside = append(beside, key)
		if err = c.set(ctx, key, bytes, ttl); err != nil {
			break
		}
	}
	if err == nil {
		err = c.set(ctx, d.key, raw, ttl)
	}
	if err != nil && len(beside) > 0 { // a companion does not stay alone
		err = errors.Join(err, c.remove(ctx, beside...))
	}
	return unwritten(err)
}

// unwritten tells a value that a Backend does not take from a fault.
func unwritten(err error) error {
	if err == nil || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", errBackend, err)
}
