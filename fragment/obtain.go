package fragment

import (
	"context"
	"errors"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// An answer is what a fill hands to those who waited for it.
type answer struct {
	value []byte
	mark  uint64 // the moment before the fill
	view  view   // what was seen before that
	part  part
}

// obtain gets a value that is not, or no longer freshly, stored. It begins anew
// where it waited for a fill whose value was invalidated meanwhile.
func (c *core) obtain(ctx context.Context, j *job) ([]byte, error) {
	if value, err, ok := c.spare(ctx, j); ok {
		return value, err
	}
	j.until = time.Now().Add(max(c.wait, 0))
	for {
		began := time.Now()
		got, outcome := c.fly(ctx, j)
		switch {
		case outcome == flight.Left:
			return nil, ctx.Err()
		case j.hasSpare() && outcome == flight.Busy:
			return c.serveOld(ctx, j, "another caller refills")
		case j.hasSpare() && (outcome == flight.Alone || outcome == flight.Released):
			if value, err, ok := c.inVain(ctx, j, outcome); ok {
				return value, err
			}
			continue
		case outcome == flight.Busy || outcome == flight.Alone || outcome == flight.Released:
			got = c.run(ctx, j, flight.NewNode(j.around.nodeOf()))
		case outcome == flight.Waited:
			if c.waited(ctx, j, &got.Value, began) {
				break
			}
			if j.olds.Another() {
				continue
			}
			got = c.run(ctx, j, flight.NewNode(j.around.nodeOf()))
		}
		if got.Err == errElsewhere {
			return c.serveOld(ctx, j, "another process refills")
		}
		return c.answer(ctx, j, got)
	}
}

// answer returns what a fill came to, or if that failed, what is stored.
func (c *core) answer(ctx context.Context, j *job, got result) ([]byte, error) {
	if got.Err != nil && j.old != nil && !errors.Is(got.Err, ErrNotFound) {
		if value, err, ok := c.serveStored(ctx, j, "the refill failed", got.Err); ok {
			return value, err
		}
	}
	return got.Value.value, got.Err
}

// hasSpare reports whether j need not wait for a fill.
func (j *job) hasSpare() bool { return j.old != nil && !j.policy.Refresh }

// patience is how long j waits for the fill of another.
func (c *core) patience(j *job) time.Duration {
	switch {
	case !j.hasSpare():
		return time.Until(j.until) // who refreshes may wait for a fill younger than the question
	case time.Now().UnixNano() < j.old.fresh:
		return 0
	}
	return max(j.policy.FillSoftTimeout, 0)
}

// fly fills as the only one to fill this key, or waits for whoever does.
func (c *core) fly(ctx context.Context, j *job) (result, flight.Outcome) {
	wait := flight.Wait{Inside: j.around.nodeOf(), Bound: c.patience(j), Olds: &j.olds}
	return c.flights.Do(ctx, j.key, wait, func(n *flight.Node) result { return c.lead(ctx, j, n) })
}

// lead is what the one does who fills.
func (c *core) lead(ctx context.Context, j *job, n *flight.Node) result {
	ctx = j.scope(n).in(ctx) // for the observer, who may ask for the same key
	if c.canLease(j) {
		return c.leased(ctx, j, n)
	}
	if c.flights.Landed() != j.landed && !j.policy.Refresh {
		// Between our lookup and our lead another fill may have stored.
		if found, ok := c.stored(ctx, j); ok {
			return found
		}
	}
	return c.run(ctx, j, n)
}

// stored is the result of a leader who finds the value stored after all.
func (c *core) stored(ctx context.Context, j *job) (result, bool) {
	mark := c.stamps.mark()
	var e entry
	found, seen := c.lookupToFill(ctx, j.name, j.key, j.policy.Tags, &e)
	if c.shared != nil {
		j.view = seen // what is filled now is no older
	}
	if !j.isDone(found, &e) {
		return result{}, false
	}
	return c.resultOf(ctx, j, &e, mark, seen), true
}

// resultOf is a hit of e, as a result for those who wait.
func (c *core) resultOf(ctx context.Context, j *job, e *entry, mark uint64, seen view) result {
	value, err := c.hit(ctx, j.name, e, j.around)
	seen.read = true
	a := answer{value: value, mark: mark, view: seen, part: part{fresh: e.fresh}}
	e.eachTag(func(tag []byte, _ slotNo, _ uint64) bool {
		a.part.tags = append(a.part.tags, string(tag))
		return true
	})
	return result{Value: a, Err: err}
}

// waited counts and tells that j has an answer of another's fill, and reports
// whether it may be used: nothing of it was invalidated since that fill began.
// Who waited must ask: it may have come after an invalidation that came after
// the leader's own test.
func (c *core) waited(ctx context.Context, j *job, a *answer, began time.Time) bool {
	c.counts.waits.Add(1)
	c.tell(ctx, Event{Kind: EventWait, Name: j.name, Start: began, Duration: time.Since(began)})
	if !c.current(j.key, a, j.view) {
		j.old = nil // which may be as old; if it leads next it looks again
		return false
	}
	j.around.report(a.part)
	return true
}

// current reports whether nothing of an answer, which is that of key, was
// invalidated since its fill began, as far as is known to one who saw that much.
func (c *core) current(key string, a *answer, seen view) bool {
	if _, ok := c.stamps.since(c.clearOf(key), a.mark); !ok {
		return false
	}
	for _, tag := range a.part.tags {
		if _, ok := c.stamps.since(c.stamps.slotOf(tag), a.mark); !ok {
			return false
		}
	}
	return c.agree(key, a.view, seen, a.part.tags)
}
