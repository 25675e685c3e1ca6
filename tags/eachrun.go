package tags

import (
	"slices"
	"sync"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// An eachRun is one execution of a loopTag. They are pooled, as runs are.
type eachRun struct {
	run     // of the item that it is at, as far as a lookup goes
	each    *loopTag
	plan    plan
	forloop *forloop // nil if no argument uses it

	// of each item, at its place in the list
	items   []item
	keys    []fragment.Key
	how     []handling
	answers []fragment.Answer
	vary    []any    // so many of each as the tag has
	names   []string // with a NAME that is computed

	beginning fragment.KeyBuilder // of all keys, if begun
	begun     bool

	odd  bool // not all items are handled as cached
	made map[int]*made
}

// A made is what became of an item that was not a hit.
type made struct {
	run   *run // that rendered it, or nil
	stale bool // it is an old value
}

// handling is what the options say of an item.
type handling byte

const (
	cached    handling = iota
	refreshed          // by refresh=
	uncached           // by if=, unless= or the TTL "del"
)

var eachRuns = sync.Pool{New: func() any { return new(eachRun) }}

// An eachRun with room for more than maxPooledItems is left to the garbage
// collector.
const maxPooledItems = 1 << 12

// releaseAll gives e back, and what rendered its items.
func (e *eachRun) releaseAll() {
	for _, m := range e.made {
		if m.run != nil {
			m.run.release()
		}
	}
	if cap(e.items) > maxPooledItems {
		return
	}
	clear(e.items)
	clear(e.keys)
	clear(e.vary)
	clear(e.names)
	*e = eachRun{items: e.items[:0], keys: e.keys[:0], how: e.how[:0], vary: e.vary[:0], names: e.names[:0]}
	eachRuns.Put(e)
}

// Execute serves the items from their cache, and renders and stores those that are
// missing. Its eachRun is not pooled again when a body panics, as a run is not.
func (t *loopTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := eachRuns.Get().(*eachRun)
	e.each, e.tag, e.ec, e.start, e.in, e.private, e.caches = t, &t.cacheTag, ec, t.start, in, binding.private, binding.caches
	failed := e.execute(binding, w)
	e.releaseAll()
	return failed
}

func (e *eachRun) execute(b *Binding, w pongo2.TemplateWriter) (failed *pongo2.Error) {
	if failed = e.collect(); failed != nil {
		return failed
	}
	if len(e.items) == 0 {
		if e.each.empty == nil {
			return nil
		}
		return e.each.empty.Execute(pongo2.NewChildExecutionContext(e.ec), w)
	}
	if failed = e.planAll(b); failed != nil {
		return failed
	}
	e.begin()
	if failed = e.look(b); failed != nil {
		return failed
	}
	return e.serve(w)
}

// planAll evaluates what is one for all items, in the context around the loop.
func (e *eachRun) planAll(b *Binding) (err *pongo2.Error) {
	defer e.recovered(&err)
	p := &e.plan
	if p.cache, err = e.cache(b, e.tag.option[optUsing]); err != nil {
		return err
	}
	life, err := e.lifetime()
	if err != nil {
		return err
	}
	p.policy, p.delete = e.tag.policy, life.del
	p.policy.Tags, p.policy.TTL = with(b.tags, p.policy.Tags), life.ttl
	return e.setPolicy(&p.policy)
}

// begin makes the context of the loop.
func (e *eachRun) begin() {
	n := len(e.items)
	e.keys, e.how = slices.Grow(e.keys, n)[:n], slices.Grow(e.how, n)[:n]
	e.vary = slices.Grow(e.vary, n*len(e.tag.vary))[:n*len(e.tag.vary)]
	if e.tag.name == "" {
		e.names = slices.Grow(e.names, n)[:n]
	}
	if e.each.usesForloop {
		e.forloop = newForloop(e.ec, n)
	}
	e.outside = e.ec
	e.ec = pongo2.NewChildExecutionContext(e.ec)
	delete(e.ec.Private, "forloop") // of a loop around this one
}

// at moves to an item.
func (e *eachRun) at(i int) {
	e.each.loop.enter(e.ec, e.items[i])
	if e.forloop != nil {
		e.forloop.turn(i)
		e.ec.Private["forloop"] = e.forloop.value
	}
}

// look finds out what is to be asked for each item.
func (e *eachRun) look(b *Binding) (err *pongo2.Error) {
	defer e.recovered(&err)
	e.beginKeys(b)
	for i := range e.items {
		e.at(i)
		if e.how[i], err = e.lookAt(b, i); err != nil {
			return err
		}
		e.odd = e.odd || e.how[i] != cached
	}
	return nil
}

func (e *eachRun) lookAt(b *Binding, i int) (handling, *pongo2.Error) {
	held, err := e.cached()
	if err != nil || !held {
		return uncached, err
	}
	if e.keys[i], err = e.keyOf(b, i); err != nil {
		return uncached, err
	}
	if e.plan.delete {
		return uncached, nil
	}
	if e.in.isFilling(entry{e.plan.cache, e.keys[i]}) {
		return uncached, e.failAt(e.start, errInsideItself)
	}
	if again, err := e.refreshes(); err != nil || again {
		return refreshed, err
	}
	return cached, nil
}

// keyOf returns the key of an item, as run.key does, but makes what all keys begin
// with once.
func (e *eachRun) keyOf(b *Binding, i int) (k fragment.Key, err *pongo2.Error) {
	if !e.begun {
		k, err = e.key(b)
		copy(e.varyOf(i), e.run.vary)
		if e.tag.name == "" {
			e.names[i] = e.named
		}
		return k, err
	}
	vary, err := e.values(e.tag.vary, e.varyOf(i)[:0])
	if err != nil {
		return k, err
	}
	begun := e.beginning // a copy
	for _, v := range vary {
		begun.Part(v)
	}
	if k = begun.Key(); k.Err() != nil {
		return k, e.badKey(e.tag.name, vary, e.tag.vary, k.Err())
	}
	return k, nil
}

// beginKeys makes what all keys begin with, if that is known.
func (e *eachRun) beginKeys(b *Binding) {
	if version, known := e.tag.version(); known && e.tag.name != "" {
		e.tag.startKey(&e.beginning, e.tag.sealed(e.in, b).digest, e.tag.name, e.ec.Autoescape, version)
		e.begun = true
	}
}

func (e *eachRun) varyOf(i int) []any {
	n := len(e.tag.vary)
	return e.vary[i*n : i*n+n : i*n+n]
}

func (e *eachRun) nameOf(i int) string {
	if e.tag.name == "" {
		return e.names[i]
	}
	return e.tag.name
}
