package fragment

import (
	"context"
	"time"
)

// An EachFiller is a fill for each of several keys that is bound to its caller, as
// a Filler is for one: it runs on the goroutine that called DoEachFiller, and
// never after that returned. i is an index into the keys.
type EachFiller interface {
	// Fill computes the value of one key, as the fill that Do is given: its ctx
	// carries a Scope of that key alone. The value must stay as it is until
	// DoEachFiller returns; it is copied before that.
	Fill(ctx context.Context, i int) ([]byte, error)

	// Tags returns tags of one key that are known before its fill, in addition to
	// those of the policy. It is called before Fill, for keys that are to be filled
	// and for those that are looked up for the first time in a Backend that is
	// shared with other processes. A tag that Fill adds by AddTags instead costs a
	// trip or two more for each key there.
	Tags(i int) []string

	// An EachFiller may also have a method ServedStale(i int). It is called when a
	// stale value is about to be returned for a key.
}

// DoEachFiller is Do for several keys, whose answers it returns in their order. It
// looks them up in one round trip where the Backend can, runs f for each of those
// that are missing and that nobody else is filling, one after another, and then
// stores what they came to in one trip. An error of one costs the others nothing.
// Keys that are the same are filled once. It takes no leases: several processes may
// fill the same keys at once. StoreWith does nothing in fills that run together.
//
// The error of DoEachFiller itself is that of an invalid key, or ErrNilFill.
func (c *Cache) DoEachFiller(ctx context.Context, keys []Key, p Policy, f EachFiller) ([]Answer, error) {
	if f == nil {
		return nil, ErrNilFill
	}
	b := newBatch(keys, nil)
	b.each, b.fill = f, func(ctx context.Context, missing []int) ([]Filled, error) {
		filled := make([]Filled, len(missing))
		for at, i := range missing {
			filled[at].Value, filled[at].Err = f.Fill(ctx, i)
		}
		return filled, nil
	}
	return c.doAll(ctx, b, p, (*core).fillTogether)
}

// fillApart is run for a batch whose fills have a scope each. ctx has the one that
// they share, of whose place in the graph they are; it learns nothing itself.
func (b *batch) fillApart(ctx context.Context, missing []int) []Filled {
	filled, all := make([]Filled, len(missing)), scopeOf(ctx)
	for at, i := range missing {
		own := &scope{around: all.around, node: all.node, hung: all.hung, learnt: nothingLearnt}
		filled[at] = b.fillIn(own, ctx, i)
	}
	return filled
}

func (b *batch) fillIn(s *scope, ctx context.Context, i int) (f Filled) {
	defer s.end()
	began := time.Now()
	f.Value, f.Err = b.each.Fill(s.in(ctx), i)
	f.took = time.Since(began)
	f.own = &s.end().learnt
	f.own.beside = nil
	return f
}

// An eachFill is the fill of a single key of such a batch.
type eachFill struct {
	b *batch
	i int
}

func (f eachFill) Fill(ctx context.Context) ([]byte, error)        { return f.b.each.Fill(ctx, f.i) }
func (f eachFill) Detached() func(context.Context) ([]byte, error) { return nil }
func (f eachFill) Tags() []string                                  { return f.b.each.Tags(f.i) }

// ServedStale is that of a Filler.
func (f eachFill) ServedStale() {
	if told, ok := f.b.each.(interface{ ServedStale(i int) }); ok {
		told.ServedStale(f.i)
	}
}

// foreseeEach is foresee for a batch of such fills.
func (c *core) foreseeEach(b *batch, asks []*ask) {
	for at, i := range b.distinct {
		if b.each != nil && asks[at].found != fresh {
			c.foresee(asks[at].key, eachFill{b, i})
		}
	}
}

// know asks the fill of one of several keys for the tags that it has beforehand.
func (j *job) know() {
	if f, ok := j.filler.(eachFill); ok && j.known == nil {
		j.known = f.Tags()
	}
}

// wantKnown has jobs see, before their fills begin, the stamps of the tags that
// they know by now: then nothing has to be asked about them when they are stored.
// Jobs that were looked up together share what they saw, and go on to.
func (c *core) wantKnown(jobs []*job) {
	var slots map[*sight][]slotNo
	for _, j := range jobs {
		if j.view.at == nil || len(j.known) == 0 {
			continue
		}
		if slots == nil {
			slots = make(map[*sight][]slotNo)
		}
		for _, tag := range j.known {
			if slot := c.stamps.slotOf(tag); !j.view.at.isAway(c.shared.noOfSlot(slot)) {
				slots[j.view.at] = append(slots[j.view.at], slot)
			}
		}
	}
	for seen, some := range slots {
		wider := seen.wanting(distinct(some))
		for _, j := range jobs {
			if j.view.at == seen {
				j.view.at = wider
			}
		}
	}
}
