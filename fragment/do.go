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
// not wait: they get that. With Policy.Detach the one gets it too, and fill runs
// in the background.
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
// An error that wraps ErrNotFound is an answer, and kept for
// Policy.NotFoundTTL.
//
// The value is read-only. What fill returned is copied before Do returns, and
// belongs to fill again.
func (c *Cache) Do(ctx context.Context, k Key, p Policy, fill func(context.Context) ([]byte, error)) ([]byte, error) {
	if fill == nil {
		return nil, ErrNilFill
	}
	return c.DoFiller(ctx, k, p, fillFunc(fill))
}

// A Filler is a fill that is bound to its caller, such as to the request that
// it answers, and knows how to do without.
type Filler interface {
	// Fill computes the value, as the fill that Do is given.
	Fill(ctx context.Context) ([]byte, error)

	// Detached returns a fill that may begin, and end, after the call of
	// DoFiller returned. It is called before that, on the caller's goroutine, if
	// the entry is to be refilled in the background. Nil means that it cannot
	// be: the caller refills.
	Detached() func(context.Context) ([]byte, error)

	// A Filler may also have a method ServedStale(). It is called, on the
	// caller's goroutine, when DoFiller is about to return a stale value.
	//
	// And it may have a method Tags() []string, which returns those that Fill is
	// going to add by AddTags, as far as they are known before. It is called, on the
	// caller's goroutine, before a key is looked up for the first time in a Backend
	// that is shared with other processes, and saves round trips there. It adds none
	// itself: one that is wrong or missing costs what it would have saved.
}

// fillFunc is the fill of Do: one that depends on nobody's goroutine.
type fillFunc func(context.Context) ([]byte, error)

func (f fillFunc) Fill(ctx context.Context) ([]byte, error)        { return f(ctx) }
func (f fillFunc) Detached() func(context.Context) ([]byte, error) { return f }

// DoFiller is Do for a fill that is bound to its caller.
func (c *Cache) DoFiller(ctx context.Context, k Key, p Policy, f Filler) ([]byte, error) {
	if k.text == "" {
		return nil, k.Err()
	}
	core := c.core.Load()
	if core == nil {
		c.warnUnopened(ctx)
		return fillUnkept(ctx, &p, f)
	}
	if other := c.instead(k); other != nil {
		core.lends(ctx)
		return other.DoFiller(ctx, k, core.insteadPolicy(p), f)
	}
	p.begin(&core.policy)
	if p.TTL < 0 || core.closed.Load() {
		scopeOf(ctx).report(part{fresh: forever, tags: core.policy.Tags})
		return fillUnkept(ctx, &p, f)
	}
	return core.do(ctx, k, &p, f)
}

// fillUnkept runs a fill whose value is not to be stored. There is no scope of
// its own: its parts become parts of what is around it.
func fillUnkept(ctx context.Context, p *Policy, f Filler) ([]byte, error) {
	around := scopeOf(ctx)
	around.report(part{fresh: forever, tags: p.Tags})
	return f.Fill(around.passing(ctx))
}

func (c *core) do(ctx context.Context, k Key, p *Policy, f Filler) ([]byte, error) {
	key, around := c.key(k), scopeOf(ctx)
	landed := c.flights.Landed()
	var e entry
	if !p.Refresh && c.isNear(ctx, around, key, &e) && !p.isEarly(&e) {
		return c.hit(ctx, k.name, &e, around)
	}
	early := false // drawn, once
	if !p.Refresh && c.isAhead(ctx, around, k.name, key, &e) {
		if early = p.isEarly(&e); !early {
			return c.hit(ctx, k.name, &e, around)
		}
	}
	c.foresee(key, f)
	found, seen := c.lookupToFill(ctx, k.name, key, p.Tags, &e)
	if found == fresh && !p.Refresh && !early && !p.isEarly(&e) {
		return c.hit(ctx, k.name, &e, around)
	}
	p.complete(&c.policy)
	j := &job{name: k.name, key: key, policy: *p, filler: f, around: around, landed: landed, view: seen}
	j.keepOld(found, e)
	c.remembers(ctx, j)
	if p.Refresh {
		c.flights.Forget(key) // what is being filled began before we asked
	}
	c.miss(ctx, k.name, found)
	return c.obtain(ctx, j)
}

// A job is a call of Do that is not answered by a hit.
type job struct {
	name     string
	key      string
	policy   Policy
	filler   Filler
	around   *scope
	landed   uint64      // what had landed before it looked
	until    time.Time   // when it waits no longer
	view     view        // what it saw then, beside old
	hung     *hung       // the memory of its request
	olds     flight.Olds // answers that it has waited for, and were out of date
	detached bool        // it has no caller any more
	old      *entry      // what it found, to be served while another fills or if the fill fails; or nil
	known    []string    // tags that its filler knows before it fills
	early    int64       // when that was made, if it is fresh and to be refilled early; or zero
}

// keepOld keeps what a lookup found, if the policy wants it.
func (j *job) keepOld(found state, e entry) {
	if j.wants(found) {
		j.old = &e
	}
	if found == fresh {
		j.early = e.created
	}
}

// wants reports whether what was found is of use to j: not, what is stale, to one
// whose policy wants nothing stale.
func (j *job) wants(found state) bool { return found == fresh || found == stale && j.policy.Stale >= 0 }

// isDone reports whether e, which j found when it looked once more, spares it the
// fill: not, if it is the very entry that j is to refill early.
func (j *job) isDone(found state, e *entry) bool { return found == fresh && e.created != j.early }
