package fragment

import (
	"context"
	"errors"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// A result is what a fill hands to those who wait for it.
type result = flight.Result[answer]

// run fills j as the node n of the graph.
func (c *core) run(ctx context.Context, j *job, n *flight.Node) result {
	return c.fill(ctx, []*job{j}, n, func(ctx context.Context) ([]Filled, error) {
		value, err := j.filler.Fill(ctx)
		return []Filled{{Value: value, Err: err}}, nil
	})[0]
}

// A computing fills several jobs at once, and returns one Filled for each.
type computing func(ctx context.Context) ([]Filled, error)

// fill fills jobs as the node n of the graph, stores what may be stored, and
// tells the scope around what the answers are made of.
func (c *core) fill(ctx context.Context, jobs []*job, n *flight.Node, f computing) []result {
	c.prepare(ctx, jobs)
	drafts := make([]*draft, len(jobs))
	for i, j := range jobs {
		d := &draft{name: j.name, key: j.key, policy: &j.policy, view: j.view, hung: j.hung, lane: c.lanes.join(j.key)}
		defer c.lanes.leave(d.lane)
		// In this order: what is written or invalidated after the turn and the
		// mark were taken is noticed, whatever the fill reads before or after that.
		d.turn = d.lane.turnInside(j.around)
		drafts[i] = d
	}
	mark, order := c.stamps.mark(), c.order()

	s := jobs[0].scope(n)
	if len(jobs) == 1 {
		s.lane, s.turn = drafts[0].lane, drafts[0].turn
	}
	inside := s.in(ctx) // also for the observer, who may ask for the same key
	c.compute(inside, drafts, s, f)
	results := make([]result, len(jobs))
	for i, d := range drafts {
		d.mark = mark
		c.tell(inside, Event{Kind: EventFill, Name: d.name, Err: d.err, Duration: d.cost, Size: len(d.value)})
		// An error has a mark and tags too: it may be outdated like a value.
		seen := d.view
		seen.order = order
		results[i] = result{Value: answer{mark: mark, view: seen, part: d.part()}, Err: d.err}
		c.settle(ctx, d, &results[i])
	}
	c.keep(inside, drafts, results, s)
	return results
}

// compute calls f, inside of whose scope s ctx is, and drafts the entries. Also
// when f fails or panics, what it read is a part of what is around it.
func (c *core) compute(ctx context.Context, drafts []*draft, s *scope, f computing) {
	ctx, cancel := drafts[0].policy.limited(ctx)
	defer cancel()
	var filled []Filled
	var err error
	began := time.Now()
	defer func() {
		s.end()
		cost := time.Since(began) / time.Duration(len(drafts))
		for i, d := range drafts {
			d.cost, d.err = cost, err
			d.learnt = s.learnt
			if len(drafts) > 1 {
				d.beside = nil // whose would it be?
			}
			if len(filled) == len(drafts) {
				d.take(&filled[i])
			}
			c.live(d)
			s.around.report(d.part())
		}
	}()
	filled, err = f(ctx)
	cost := time.Since(began) / time.Duration(len(drafts))
	for _, d := range drafts {
		n := c.counts.of(d.name)
		n.fills.Add(1)
		n.fillTime.Add(int64(cost))
	}
}

// limited returns the ctx of a fill, which ends at FillTimeout.
func (p *Policy) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.FillTimeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, p.FillTimeout, ErrFillTimeout)
}

// settle deals with a draft that is not to be stored because of its error. ctx
// is that of its caller.
func (c *core) settle(ctx context.Context, d *draft, r *result) {
	switch {
	case d.err == nil, errors.Is(d.err, ErrNotFound) && d.policy.notFoundTTL() > 0:
		return
	case ctx.Err() != nil:
		r.Again = true // its caller gave up, not the fill
	case errors.Is(d.err, ErrNotFound):
		c.forget(ctx, d)
	default:
		c.noteFailure(ctx, d, r)
	}
	d.settled = true
}

// noteFailure remembers the error of a draft, unless somebody wrote or deleted
// its key since its turn: then it may tell of what was there before.
func (c *core) noteFailure(ctx context.Context, d *draft, r *result) {
	ctx, cancel := c.writing(ctx)
	defer cancel()
	if d.lane.hold(ctx) != nil {
		return
	}
	defer d.lane.release()
	if d.turn >= d.lane.least {
		c.failures.note(d.key, d.policy, r.Value, d.err)
	}
}

// keep stores drafts, unless something speaks against it, and gives the results
// the copies of their values that are for all callers. Again is true of what is
// already out of date, so that nobody but its own caller may have it.
func (c *core) keep(ctx context.Context, drafts []*draft, results []result, s *scope) {
	var ready []*draft
	for i, d := range drafts {
		if d.settled {
			continue
		}
		value := c.seal(ctx, d)
		if d.err == nil {
			results[i].Value.value = value
		}
		if d.why == nil {
			ready = append(ready, d)
		}
	}
	c.put(ctx, ready)
	for i, d := range drafts {
		if !d.settled {
			s.became(d.why)
			c.became(ctx, d)
			if d.isChosen() && errors.Is(d.err, ErrNotFound) {
				c.forget(ctx, d)
			}
			old := errors.Is(d.why, errOutdated) || errors.Is(d.why, errOverwritten)
			results[i].Again, results[i].Old = old, old
		}
	}
}

// became counts and tells whether a draft was stored.
func (c *core) became(ctx context.Context, d *draft) {
	switch {
	case d.why == nil:
		c.counts.stores.Add(1)
		c.counts.of(d.name).bytes.Add(uint64(len(d.value)))
		c.failures.forget(d.key)
		c.tell(ctx, Event{Kind: EventStore, Name: d.name, Size: len(d.value), Duration: d.cost})
	case errors.Is(d.why, errBackend) && !errors.Is(d.why, ErrDown):
		c.fault(ctx, d.name, "set", d.put, d.why)
	default:
		c.counts.skips.Add(1)
		c.tell(ctx, Event{Kind: EventSkip, Name: d.name, Reason: d.why.Error(), Size: len(d.value)})
	}
}
