package tags

import (
	"context"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// An eachRun is one execution of an loopTag.
type eachRun struct {
	run  // of the item that it is at, as far as a lookup goes
	each *loopTag
	plan *plan
	loop *forloop // nil if no argument uses it
	rows []row
	vary []any // of all rows, one after the other
}

// A row is one item of the list, on its way to the page.
type row struct {
	item
	key    fragment.Key
	how    handling
	name   string
	vary   []any
	run    *run // that rendered it, or nil
	stale  bool
	answer fragment.Answer
}

// handling is what the options say of an item.
type handling int

const (
	cached    handling = iota
	refreshed          // by refresh=
	uncached           // by if=, unless= or the TTL "del"
)

// Execute serves the items from their cache, and renders and stores those that are
// missing.
func (t *loopTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := &eachRun{each: t}
	e.tag, e.ec, e.start, e.in, e.private = &t.cacheTag, ec, t.start, in, binding.private
	items, failed := e.items(&t.loop)
	if failed != nil {
		return failed
	}
	if len(items) == 0 {
		if t.empty == nil {
			return nil
		}
		return t.empty.Execute(pongo2.NewChildExecutionContext(ec), w)
	}
	p, failed := e.planAll(binding)
	if failed != nil {
		return failed
	}
	e.begin(items)
	if failed := e.look(binding, &p); failed != nil {
		return failed
	}
	return e.serve(w)
}

// planAll evaluates what is one for all items, in the context around the loop.
func (e *eachRun) planAll(b *Binding) (p plan, err *pongo2.Error) {
	defer e.recovered(&err)
	if p.cache, err = e.cache(b, e.tag.option[optUsing]); err != nil {
		return p, err
	}
	life, err := e.lifetime()
	if err != nil {
		return p, err
	}
	p.policy, p.delete = e.tag.policy, life.del
	p.policy.Tags, p.policy.TTL = with(b.tags, p.policy.Tags), life.ttl
	return p, e.setPolicy(&p.policy)
}

// begin makes the context of the loop.
func (e *eachRun) begin(items []item) {
	e.rows, e.vary = make([]row, len(items)), make([]any, 0, len(items)*len(e.tag.vary))
	for i, it := range items {
		e.rows[i].item = it
	}
	if e.each.usesForloop {
		e.loop = newForloop(e.ec, len(items))
	}
	e.ec = pongo2.NewChildExecutionContext(e.ec)
	delete(e.ec.Private, "forloop") // of a loop around this one
}

// at moves to a row.
func (e *eachRun) at(i int) {
	e.each.loop.enter(e.ec, e.rows[i].item)
	if e.loop != nil {
		e.loop.turn(i)
		e.ec.Private["forloop"] = e.loop.value
	}
}

// look finds out what is to be asked for each row.
func (e *eachRun) look(b *Binding, p *plan) (err *pongo2.Error) {
	defer e.recovered(&err)
	e.plan = p
	for i := range e.rows {
		e.at(i)
		if err = e.lookAt(b, &e.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *eachRun) lookAt(b *Binding, r *row) *pongo2.Error {
	held, err := e.cached()
	if err != nil {
		return err
	}
	if r.how = uncached; !held {
		return nil
	}
	if r.key, err = e.key(b); err != nil {
		return err
	}
	from := len(e.vary)
	e.vary = append(e.vary, e.run.vary...)
	r.name, r.vary = e.named, e.vary[from:]
	if e.plan.delete {
		return nil
	}
	if e.in.isFilling(entry{e.plan.cache, r.key}) {
		return e.failAt(e.start, errInsideItself)
	}
	again, err := e.refreshes()
	if r.how = cached; again {
		r.how = refreshed
	}
	return err
}

// serve gets the rows and writes them in their order.
func (e *eachRun) serve(w pongo2.TemplateWriter) *pongo2.Error {
	defer e.releaseRows()
	e.deleteRows()
	for _, how := range []handling{cached, refreshed} {
		if err := e.get(how); err != nil {
			return failIn(e.ec, e.start, e.start, err)
		}
	}
	for i := range e.rows {
		if err := e.rows[i].answer.Err; err != nil {
			return failIn(e.ec, e.start, e.start, err)
		}
	}
	for i := range e.rows {
		if err := e.writeRow(w, i); err != nil {
			return failIn(e.ec, e.start, e.start, err)
		}
	}
	return nil
}

// get has the cache answer the rows of one handling.
func (e *eachRun) get(how handling) error {
	some := eachFiller{eachRun: e}
	for i := range e.rows {
		if e.rows[i].how == how {
			some.keys, some.rows = append(some.keys, e.rows[i].key), append(some.rows, i)
		}
	}
	if len(some.rows) == 0 {
		return nil
	}
	policy := e.plan.policy
	policy.Refresh = how == refreshed
	answers, err := e.plan.cache.DoEachFiller(e.in.ctx, some.keys, policy, &some)
	for at, answer := range answers {
		e.rows[some.rows[at]].answer = answer
	}
	return err
}

// deleteRows does what the TTL "del" says. A fault was told as an Event, and must
// not break the page.
func (e *eachRun) deleteRows() {
	if !e.plan.delete {
		return
	}
	var keys []fragment.Key
	for i := range e.rows {
		if e.rows[i].key != (fragment.Key{}) {
			keys = append(keys, e.rows[i].key)
		}
	}
	_ = e.plan.cache.Delete(e.in.ctx, keys...)
}

// writeRow writes a row, which may have to be rendered.
func (e *eachRun) writeRow(w pongo2.TemplateWriter, i int) (err error) {
	r := &e.rows[i]
	p := plan{entry: entry{e.plan.cache, r.key}, policy: e.plan.policy}
	if r.how == uncached {
		p.key, p.policy.TTL = e.tag.plain, -1
		if r.answer.Value, err = p.cache.DoFiller(e.in.ctx, p.key, p.policy, e.runOf(i)); err != nil {
			return err
		}
	}
	if r.run != nil {
		return r.run.write(w, r.answer.Value, &p)
	}
	e.stale = r.stale
	return e.write(w, r.answer.Value, &p)
}

// runOf returns what renders a row.
func (e *eachRun) runOf(i int) *run {
	e.at(i)
	row, r := &e.rows[i], runs.Get().(*run)
	r.tag, r.ec, r.start, r.in, r.private = e.tag, e.ec, e.start, e.in, e.private
	r.entry, r.kept, r.named, r.vary = entry{e.plan.cache, row.key}, row.how != uncached, row.name, row.vary
	r.placeless = !e.each.knowsPlace
	row.run = r
	return r
}

// releaseRows gives back what rendered rows.
func (e *eachRun) releaseRows() {
	for i := range e.rows {
		if r := e.rows[i].run; r != nil {
			r.release()
		}
	}
}

// An eachFiller fills some of the rows.
type eachFiller struct {
	*eachRun
	keys []fragment.Key
	rows []int
}

// Fill implements fragment.EachFiller.
func (f *eachFiller) Fill(ctx context.Context, i int) ([]byte, error) {
	return f.runOf(f.rows[i]).Fill(ctx)
}

// Tags implements fragment.EachFiller. What is wrong with tags= is found again, and
// told, when the row is rendered.
func (f *eachFiller) Tags(i int) []string {
	f.at(f.rows[i])
	r := &f.eachRun.rows[f.rows[i]]
	tags := []string{ownTag(r.name, r.vary)}
	if o := f.tag.option[optTags]; o != nil && !f.tag.literalTags {
		more, _ := f.tags(o)
		tags = append(tags, more...)
	}
	return tags
}

// ServedStale is that of a fragment.EachFiller.
func (f *eachFiller) ServedStale(i int) { f.eachRun.rows[f.rows[i]].stale = true }
