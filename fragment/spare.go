package fragment

import (
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// spare answers j without a fill of its own, if the policy says so: from a
// value that is at hand, or by an error that is remembered. ok is false if j is
// to fill.
func (c *core) spare(ctx context.Context, j *job) (value []byte, err error, ok bool) {
	value, err, ok = c.recall(ctx, j)
	if ok || !j.hasSpare() || !j.policy.Detach {
		return value, err, ok
	}
	f, ok := c.detach(ctx, j)
	if !ok {
		return nil, nil, false
	}
	return c.aside(ctx, j, f, c.patience(j))
}

// recall answers j by the failure of a moment ago, if there was one.
func (c *core) recall(ctx context.Context, j *job) (value []byte, err error, ok bool) {
	now := time.Now().UnixNano()
	failed, known := c.failures.of(j.key, now)
	switch {
	case !known || j.policy.Refresh:
		return nil, nil, false
	case j.old != nil && failed.rests(now):
		value, err = c.serveOld(ctx, j, "a refill failed or was too slow a moment ago")
		return value, err, true
	case j.old == nil && failed.kept(now) && c.current(j.key, &failed.answer, j.view):
		j.around.report(failed.part)
		c.tell(ctx, Event{Kind: EventHit, Name: j.name, Err: failed.err, Reason: "the error of a fill a moment ago"})
		return nil, failed.err, true
	}
	return nil, nil, false
}

// aside answers j from what is at hand while f refills it, or if that takes no
// longer than patience, from f. ok is false if what was at hand is no more.
func (c *core) aside(ctx context.Context, j *job, f *flight.Flight[answer], patience time.Duration) (value []byte, err error, ok bool) {
	began := time.Now()
	got, outcome := f.Wait(ctx, flight.Wait{Inside: j.around.nodeOf(), Bound: patience})
	switch {
	case outcome == flight.Left:
		return nil, ctx.Err(), true
	case outcome == flight.Busy:
		value, err = c.serveOld(ctx, j, "it is refilled in the background")
	case outcome == flight.Waited && !got.Again && c.waited(ctx, j, &got.Value, began) && got.Err == nil:
		value = got.Value.value
	default:
		return c.inVain(ctx, j, outcome)
	}
	return value, err, true
}

// inVain serves what is stored by now to one who waited for a refill in vain. If
// that took too long, it sees to it that others do not wait in their turn. If
// nothing is stored, j has nothing at hand any more.
func (c *core) inVain(ctx context.Context, j *job, outcome flight.Outcome) (value []byte, err error, ok bool) {
	why := "the refill is for its own caller alone"
	if outcome != flight.Released {
		c.failures.rest(j.key, j.policy.RetryAfter)
		why = "the refill takes long"
	}
	value, err, ok = c.serveStored(ctx, j, why, nil)
	if !ok {
		j.old = nil
	}
	return value, err, ok
}

// serveOld serves what j found when it looked.
func (c *core) serveOld(ctx context.Context, j *job, why string) ([]byte, error) {
	return c.serve(ctx, j, j.old, why, nil)
}

// serveStored serves what is stored now: what was read before a refill may be
// deleted, replaced or past its life by then.
func (c *core) serveStored(ctx context.Context, j *job, why string, cause error) (value []byte, err error, ok bool) {
	var now entry
	if !j.wants(c.lookup(context.WithoutCancel(ctx), j.name, j.key, &now)) {
		return nil, nil, false
	}
	value, err = c.serve(ctx, j, &now, why, cause)
	return value, err, true
}

// serve serves e, stale or, if it was to be refilled early, fresh.
func (c *core) serve(ctx context.Context, j *job, e *entry, why string, cause error) ([]byte, error) {
	if time.Now().UnixNano() < e.fresh {
		return c.hit(ctx, j.name, e, j.around)
	}
	if f, ok := j.filler.(interface{ ServedStale() }); ok {
		f.ServedStale()
	}
	n := c.counts.of(j.name)
	n.stale.Add(1)
	n.saved.Add(int64(e.cost))
	c.tell(ctx, Event{Kind: EventStale, Name: j.name, Reason: why, Err: cause, Size: len(e.value)})
	if j.around != nil {
		j.around.reportEntry(e, true)
	}
	return e.answer()
}
