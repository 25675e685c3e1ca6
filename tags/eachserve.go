package tags

import (
	"context"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// serve gets the items and writes them in their order.
func (e *eachRun) serve(w pongo2.TemplateWriter) *pongo2.Error {
	e.delete()
	err := e.get()
	for i := 0; err == nil && i < len(e.items); i++ {
		err = e.answers[i].Err
	}
	for i := 0; err == nil && i < len(e.items); i++ {
		err = e.writeItem(w, i)
	}
	if err != nil {
		return failIn(e.ec, e.start, e.start, err)
	}
	return nil
}

// get has the cache answer what is not rendered without it.
func (e *eachRun) get() (err error) {
	if !e.odd {
		e.answers, err = e.plan.cache.DoEachFiller(e.in.asking(), e.keys, e.plan.policy, &eachFiller{eachRun: e})
		return err
	}
	e.answers = make([]fragment.Answer, len(e.items))
	for _, how := range []handling{cached, refreshed} {
		if err == nil {
			err = e.getSome(how)
		}
	}
	return err
}

// getSome is get for the items of one handling.
func (e *eachRun) getSome(how handling) error {
	some := eachFiller{eachRun: e}
	var keys []fragment.Key
	for i := range e.items {
		if e.how[i] == how {
			keys, some.places = append(keys, e.keys[i]), append(some.places, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	policy := e.plan.policy
	policy.Refresh = how == refreshed
	answers, err := e.plan.cache.DoEachFiller(e.in.asking(), keys, policy, &some)
	for at, answer := range answers {
		e.answers[some.places[at]] = answer
	}
	return err
}

// delete does what the TTL "del" says. A fault was told as an Event, and must not
// break the page.
func (e *eachRun) delete() {
	if !e.plan.delete {
		return
	}
	var keys []fragment.Key
	for _, k := range e.keys {
		if k != (fragment.Key{}) {
			keys = append(keys, k)
		}
	}
	_ = e.plan.cache.Delete(e.in.ctx, keys...)
}

// writeItem writes an item, which may have to be rendered.
func (e *eachRun) writeItem(w pongo2.TemplateWriter, i int) (err error) {
	p, ttl, value := &e.plan, e.plan.policy.TTL, e.answers[i].Value
	p.key = e.keys[i]
	if e.how[i] == uncached {
		p.key, p.policy.TTL = e.tag.plain, -1
		if value, err = p.cache.DoFiller(e.in.asking(), p.key, p.policy, e.runOf(i)); err != nil {
			return err
		}
	}
	r := e.writer(i, value)
	defer func() { r.stale, p.policy.TTL = false, ttl }()
	return r.write(w, value, p)
}

// writer returns what writes an item: the run that rendered it, or that is to do so
// because the value is none of this loop; e itself for any other.
func (e *eachRun) writer(i int, value []byte) *run {
	r := &e.run
	if _, ok := r.open(value); !ok {
		r = e.runOf(i)
	}
	if m := e.made[i]; m != nil {
		if m.run != nil {
			r = m.run
		}
		r.stale = m.stale
	}
	if r == &e.run {
		r.entry = entry{e.plan.cache, e.keys[i]} // while its holes are filled
	}
	return r
}

// madeOf returns what becomes of an item.
func (e *eachRun) madeOf(i int) *made {
	if e.made == nil {
		e.made = make(map[int]*made)
	}
	if e.made[i] == nil {
		e.made[i] = new(made)
	}
	return e.made[i]
}

// runOf moves to an item and returns what renders it.
func (e *eachRun) runOf(i int) *run {
	e.at(i)
	m := e.madeOf(i)
	if m.run != nil {
		return m.run
	}
	r := runs.Get().(*run)
	r.tag, r.ec, r.start, r.in, r.private, r.caches = e.tag, e.ec, e.start, e.in, e.private, e.caches
	if r.kept = e.how[i] != uncached; r.kept {
		r.entry, r.named, r.vary = entry{e.plan.cache, e.keys[i]}, e.nameOf(i), e.varyOf(i)
	}
	r.placeless, r.outside = !e.each.knowsPlace, e.outside
	m.run = r
	return r
}

// An eachFiller fills items.
type eachFiller struct {
	*eachRun
	places []int // in the list, or nil if it is all of that
}

func (f *eachFiller) place(i int) int {
	if f.places == nil {
		return i
	}
	return f.places[i]
}

// Fill implements fragment.EachFiller.
func (f *eachFiller) Fill(ctx context.Context, i int) ([]byte, error) {
	return f.runOf(f.place(i)).Fill(ctx)
}

// Tags implements fragment.EachFiller.
func (f *eachFiller) Tags(i int) []string { return f.runOf(f.place(i)).Tags() }

// ServedStale is that of a fragment.EachFiller.
func (f *eachFiller) ServedStale(i int) { f.madeOf(f.place(i)).stale = true }
