package fragment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// An Answer is what DoMany returns for one key, as Do would.
type Answer struct {
	Value []byte // read-only
	Err   error
}

// A Filled is what the fill of DoMany computed for one key.
type Filled struct {
	Value []byte
	Err   error         // of this key alone
	Tags  []string      // as AddTags, for this key alone
	TTL   time.Duration // as SetTTL, if it is not zero
	Skip  string        // as SkipStore, if it is not empty

	own  *learnt       // by a scope of this key alone
	took time.Duration // to compute it, where that is known
}

// DoMany is Do for several keys, whose answers it returns in their order. It
// looks them up in one round trip where the Backend can, runs fill once for
// those that are missing and that nobody else is filling, and stores what that
// returns in one trip. Each key is one of missing at most once; missing are
// indexes into keys, and fill returns as many Filled in their order. The error of
// fill is that of all of them.
//
// With Policy.Detach fill may run, for those that are stale, after DoMany
// returned. It may run more than once at a time, for different keys. It takes no
// leases: several processes may fill the same keys at once.
//
// The error of DoMany itself is that of an invalid key, or ErrNilFill.
func (c *Cache) DoMany(ctx context.Context, keys []Key, p Policy, fill func(ctx context.Context, missing []int) ([]Filled, error)) ([]Answer, error) {
	if fill == nil {
		return nil, ErrNilFill
	}
	return c.doAll(ctx, newBatch(keys, fill), p, (*core).fillTogether)
}

// DoEach is Do for several keys, whose answers it returns in their order. It
// looks them up in one round trip where the Backend can, and runs fill for each of
// those that are missing, one after another; i is an index into keys. Keys that are
// the same are filled once.
//
// The error of DoEach itself is that of an invalid key, or ErrNilFill.
func (c *Cache) DoEach(ctx context.Context, keys []Key, p Policy, fill func(ctx context.Context, i int) ([]byte, error)) ([]Answer, error) {
	if fill == nil {
		return nil, ErrNilFill
	}
	b := newBatch(keys, func(ctx context.Context, missing []int) ([]Filled, error) {
		filled := make([]Filled, len(missing))
		for at, i := range missing {
			filled[at].Value, filled[at].Err = fill(ctx, i)
		}
		return filled, nil
	})
	return c.doAll(ctx, b, p, (*core).fillEach)
}

// doAll answers b, what is missing by fill.
func (c *Cache) doAll(ctx context.Context, b *batch, p Policy, fill func(*core, context.Context, *batch, []*member)) ([]Answer, error) {
	for _, k := range b.keys {
		if err := k.Err(); err != nil {
			return nil, err
		}
	}
	if other := c.instead(b.keys...); other != nil {
		c.core.Load().lends(ctx)
		return other.doAll(ctx, b, c.core.Load().insteadPolicy(p), fill)
	}
	core := c.core.Load()
	if core == nil {
		c.warnUnopened(ctx)
		b.fillUnkept(ctx, &p)
		return b.spread(), nil
	}
	p.begin(&core.policy)
	if p.TTL < 0 || core.closed.Load() {
		scopeOf(ctx).report(part{fresh: forever, tags: core.policy.Tags})
		b.fillUnkept(ctx, &p)
		return b.spread(), nil
	}
	fill(core, ctx, b, core.hitMany(ctx, b, &p))
	return b.spread(), nil
}

// A batch is a call of DoMany or DoEach.
type batch struct {
	keys     []Key
	distinct []int // indexes of keys, each key once
	same     []int // of each key, the index of the first that is the same
	fill     func(ctx context.Context, missing []int) ([]Filled, error)
	each     EachFiller // or nil: of DoEachFiller
	answers  []Answer
}

func newBatch(keys []Key, fill func(context.Context, []int) ([]Filled, error)) *batch {
	places := make([]int, 2*len(keys))
	b := &batch{keys: keys, fill: fill, same: places[:len(keys)], distinct: places[len(keys):len(keys)], answers: make([]Answer, len(keys))}
	first := firsts.Get().(map[string]int)
	for i, k := range keys {
		at, known := first[k.text]
		if !known {
			at, first[k.text] = i, i
			b.distinct = append(b.distinct, i)
		}
		b.same[i] = at
	}
	if len(b.distinct) <= maxFirsts {
		clear(first)
		firsts.Put(first)
	}
	return b
}

// firsts are maps from the text of a key to its first place in a batch.
var firsts = sync.Pool{New: func() any { return make(map[string]int) }}

// A map with more than maxFirsts is left to the garbage collector.
const maxFirsts = 1 << 12

// spread gives those keys their answers that are the same as earlier ones.
func (b *batch) spread() []Answer {
	for i, at := range b.same {
		b.answers[i] = b.answers[at]
	}
	return b.answers
}

// run runs the fill for some keys and checks that it returned as many answers.
func (b *batch) run(ctx context.Context, missing []int) ([]Filled, error) {
	filled, err := b.fill(ctx, missing)
	if err == nil && len(filled) != len(missing) {
		err = fmt.Errorf("fragment: the fill of DoMany returned %d answers for %d keys: want one for each, in their order", len(filled), len(missing))
	}
	return filled, err
}

// fillUnkept is fillUnkept for all keys.
func (b *batch) fillUnkept(ctx context.Context, p *Policy) {
	around := scopeOf(ctx)
	around.report(part{fresh: forever, tags: p.Tags})
	if len(b.distinct) == 0 {
		return
	}
	filled, err := b.run(around.passing(ctx), b.distinct)
	for at, i := range b.distinct {
		if err != nil {
			b.answers[i].Err = err
			continue
		}
		around.report(part{fresh: forever, tags: filled[at].Tags})
		if ttl := filled[at].TTL; ttl != 0 {
			around.report(lasting(ttl))
		}
		b.answers[i] = Answer{filled[at].Value, filled[at].Err}
	}
}

// one is the fill of a single key of a batch, where somebody else was at it
// when the batch ran.
func (b *batch) one(i int) Filler {
	if b.each != nil {
		return eachFill{b, i}
	}
	return fillFunc(func(ctx context.Context) ([]byte, error) {
		filled, err := b.run(ctx, []int{i})
		if err != nil {
			return nil, err
		}
		f := &filled[0]
		AddTags(ctx, f.Tags...)
		SetTTL(ctx, f.TTL)
		if f.Skip != "" {
			SkipStore(ctx, f.Skip)
		}
		return f.Value, f.Err
	})
}

// A member is a key of a batch that is to be filled.
type member struct {
	*job
	i int // of its key
	f *flight.Flight[answer]
}

// fillEach fills one after another.
func (c *core) fillEach(ctx context.Context, b *batch, wanted []*member) {
	for _, m := range wanted {
		value, err := c.obtain(ctx, m.job)
		b.answers[m.i] = Answer{value, err}
	}
}

// fillTogether fills by one fill what can be.
func (c *core) fillTogether(ctx context.Context, b *batch, wanted []*member) {
	var later, now []*member
	for _, m := range wanted {
		value, err, ok := c.recall(ctx, m.job)
		switch {
		case ok:
			b.answers[m.i] = Answer{value, err}
		case m.hasSpare() && m.policy.Detach && b.each == nil:
			later = append(later, m)
		default:
			now = append(now, m)
		}
	}
	rest := c.asideMany(ctx, b, later)
	c.fillEach(ctx, b, append(rest, c.leadMany(ctx, b, now)...))
}

// hitMany looks all keys up, answers those that are fresh and returns the rest.
func (c *core) hitMany(ctx context.Context, b *batch, p *Policy) (wanted []*member) {
	if _, many := c.backend.(ManyGetter); c.shared == nil && !many {
		return c.hitOneByOne(ctx, b, p)
	}
	landed, around := c.flights.Landed(), scopeOf(ctx)
	asks := asksFor(len(b.distinct), func(at int) (name, key string) {
		k := b.keys[b.distinct[at]]
		return k.name, c.key(k)
	})
	far := c.notNear(ctx, around, asks, p)
	c.foreseeEach(b, asks)
	c.lookupMany(ctx, p.Tags, true, far)
	for at, i := range b.distinct {
		a := asks[at]
		if a.found == fresh && !p.Refresh && !p.isEarly(a.e) {
			value, err := c.hit(ctx, a.name, a.e, around)
			b.answers[i] = Answer{value, err}
			continue
		}
		j := &job{name: a.name, key: a.key, policy: *p, filler: b.one(i), around: around, landed: landed, view: a.view}
		wanted = c.want(ctx, wanted, &member{job: j, i: i}, a.found, a.e)
	}
	return wanted
}
