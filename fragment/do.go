package fragment

import (
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// Do returns the value of k: the stored one while it is fresh; else it runs
// fill and stores what that returns. Of several callers in this process one
// runs fill, on its own goroutine, and the others wait for it, each no longer
// than its ctx and Options.Wait allow. While a stale value is at hand they do
// not wait: they get that.
//
// The ctx of fill carries a Scope: AddTags, LimitTTL and DoNotStore with it
// speak of this entry, and an entry that was read or filled with it reports
// its own tags and remaining life.
//
// A fault of the Backend never fails Do. Its error is that of an invalid key,
// of the caller's own ctx while it waited, or of fill itself, unchanged. A fill
// that fails stores nothing; if a stale value is at hand, that is returned
// instead. Callers who wait for a fill that fails get the same error; if it
// failed because its caller was cancelled, or panicked, one of them runs fill.
//
// The value is read-only. What fill returned is copied before Do returns, and
// belongs to fill again.
func (c *Cache) Do(ctx context.Context, k Key, p Policy, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	if fill == nil {
		return nil, ErrNilFill
	}
	if k.text == "" {
		return nil, k.Err()
	}
	core := c.core.Load()
	if core == nil {
		c.warnUnopened(ctx)
		return fillUnkept(ctx, p, fill)
	}
	p = p.or(core.policy)
	if p.TTL < 0 || core.closed.Load() {
		scopeOf(ctx).report(part{fresh: forever, tags: core.policy.Tags})
		return fillUnkept(ctx, p, fill)
	}
	return core.do(ctx, k, p, fill)
}

// fillUnkept runs a fill whose value is not to be stored. There is no scope of
// its own: its parts become parts of what is around it.
func fillUnkept(ctx context.Context, p Policy, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	scopeOf(ctx).report(part{fresh: forever, tags: p.Tags})
	return fill(ctx)
}

func (c *core) do(ctx context.Context, k Key, p Policy, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	key, around := c.key(k), scopeOf(ctx)
	landed := c.flights.Landed()
	var e entry
	found := c.lookup(ctx, k.name, key, &e)
	if found == fresh && !p.Refresh {
		c.hit(ctx, k.name, &e, around)
		return e.value, nil
	}
	if p.Refresh {
		c.flights.Forget(key) // what is being filled began before we asked
	}
	if found == stale && p.Stale < 0 {
		found = missing
	}
	c.miss(ctx, k.name, found)
	j := &job{name: k.name, key: key, policy: p, fill: fill, around: around}
	return c.obtain(ctx, j, fallback(found, e), landed)
}

// A job is a call of Do that found no fresh entry.
type job struct {
	name   string
	key    string
	policy Policy
	fill   func(context.Context) ([]byte, error)
	around *scope
}

// An answer is what a fill hands to those who waited for it.
type answer struct {
	value []byte
	mark  uint64 // the moment before the fill
	part  part
}

// obtain gets a value that is not, or no longer freshly, stored: old is the
// stale entry, or nil. It begins anew where it waited for a fill whose value
// was invalidated meanwhile.
func (c *core) obtain(ctx context.Context, j *job, old *entry, landed uint64) ([]byte, error) {
	for {
		began := time.Now()
		result, outcome := c.fly(ctx, j, old, landed)
		switch {
		case outcome == flight.Left:
			return nil, ctx.Err()
		case outcome == flight.Busy && old != nil && !j.policy.Refresh:
			c.servedStale(ctx, j, old, "another caller refills", nil)
			return old.value, nil
		case outcome == flight.Busy || outcome == flight.Alone:
			result = c.run(ctx, j, flight.NewNode(j.around.nodeOf()))
		case outcome == flight.Waited:
			c.counts.waits.Add(1)
			c.tell(ctx, Event{Kind: EventWait, Name: j.name, Start: began, Duration: time.Since(began)})
			if !c.current(&result.Value) {
				landed = c.flights.Landed()
				continue
			}
			j.around.report(result.Value.part)
		}
		if result.Err != nil && old != nil {
			// What was read before the refill may be deleted or replaced by now.
			var now entry
			if c.lookup(context.WithoutCancel(ctx), j.name, j.key, &now) != missing {
				c.servedStale(ctx, j, &now, "the refill failed", result.Err)
				return now.value, nil
			}
		}
		return result.Value.value, result.Err
	}
}

// fly fills as the only one to fill this key, or waits for whoever does.
func (c *core) fly(ctx context.Context, j *job, old *entry, landed uint64) (flight.Result[answer], flight.Outcome) {
	wait := flight.Wait{Inside: j.around.nodeOf(), Bound: max(c.wait, 0)}
	if old != nil && !j.policy.Refresh { // who refreshes may wait for a fill younger than the question
		wait.Bound = 0
	}
	return c.flights.Do(ctx, j.key, wait, func(n *flight.Node) flight.Result[answer] {
		if c.flights.Landed() != landed && !j.policy.Refresh {
			// Between our lookup and our lead another fill may have stored.
			if result, ok := c.stored(ctx, j); ok {
				return result
			}
		}
		return c.run(ctx, j, n)
	})
}

// stored is the result of a leader who finds the value stored after all.
func (c *core) stored(ctx context.Context, j *job) (flight.Result[answer], bool) {
	a := answer{mark: c.stamps.mark()}
	var e entry
	if c.lookup(ctx, j.name, j.key, &e) != fresh {
		return flight.Result[answer]{}, false
	}
	c.hit(ctx, j.name, &e, j.around)
	a.value, a.part.fresh = e.value, e.fresh
	e.eachTag(func(tag []byte) { a.part.tags = append(a.part.tags, string(tag)) })
	return flight.Result[answer]{Value: a}, true
}

// current reports whether nothing of an answer was invalidated since its fill
// began. Who waited must ask: it may have come after an invalidation that came
// after the leader's own test.
func (c *core) current(a *answer) bool {
	if _, ok := c.stamps.since(&c.stamps.clear, a.mark); !ok {
		return false
	}
	for _, tag := range a.part.tags {
		if _, ok := c.stamps.since(c.stamps.slot(tag), a.mark); !ok {
			return false
		}
	}
	return true
}

// fallback returns the entry that a lookup found, to be served while another
// fills or if our fill fails; or nil.
func fallback(found state, e entry) *entry {
	if found == missing {
		return nil
	}
	return &e
}
