package tags

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A run is one execution of a cacheTag. Runs are pooled, so that a hit
// allocates nothing for what only a miss needs.
type run struct {
	evaluation
	tag *cacheTag
	in  *rendering
	buf *bytes.Buffer // the body, once rendered, behind a plainBody

	caches *fragment.Registry
	holes  *fragment.Holes // of the body; or nil
	serves serving         // while its holes are filled

	entry  entry
	around *run // whose body this one is in, while it is being filled

	private []string // of the Binding

	kept  bool // it is looked up and stored
	stale bool // a stale value was served

	outside *pongo2.ExecutionContext // of an item, that of its loop; else nil

	placeless bool // the body does not see forloop
	inHole    bool // a {% nocache %} of the body is being rendered where it stands

	named string
	vary  []any
	few   [4]any // room for vary

	added fillTags
}

var runs = sync.Pool{New: func() any { return new(run) }}

// release gives r back. It is not called when a body panics: then it is unknown
// who else still has it.
func (r *run) release() {
	if r.buf != nil {
		freeBuffer(r.buf)
	}
	*r = run{}
	runs.Put(r)
}

// Execute serves the block from its cache, or renders and stores it.
func (t *cacheTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	r := runs.Get().(*run)
	r.tag, r.ec, r.start, r.in, r.private, r.caches = t, ec, t.start, in, binding.private, binding.caches
	p, failed := r.plan(binding)
	if failed != nil {
		return failed
	}
	r.entry = p.entry
	if r.kept && in.isFilling(r.entry) {
		return r.failAt(t.start, errInsideItself)
	}
	if p.delete {
		// A fault was told as an Event, and must not break the page.
		_ = p.cache.Delete(in.ctx, p.key)
	}
	value, err := p.cache.DoFiller(in.asking(), p.key, p.policy, r)
	if err == nil {
		err = r.write(w, value, &p)
	}
	r.release()
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	return nil
}

// An entry is what a block is stored as.
type entry struct {
	cache *fragment.Cache
	key   fragment.Key
}

// isFilling reports whether what is being rendered is inside of the body of an
// entry. To store both would let the last one replace the other, and to recur
// without an end is fatal in Go.
func (r *rendering) isFilling(e entry) bool {
	for body := r.filling; body != nil; body = body.around {
		if body.kept && body.entry == e {
			return true
		}
	}
	for one := r.serving; one != nil; one = one.around {
		if one.entry == e {
			return true
		}
	}
	return false
}

var errInsideItself = errors.New("this block is inside of itself: what has the same NAME and VARY is being rendered around it; give one of them another NAME, or VARY that tell them apart")

// Detached implements fragment.Filler. A body is rendered by the request that
// shows it and never after that.
func (r *run) Detached() func(context.Context) ([]byte, error) { return nil }

// Fill implements fragment.Filler: it renders the body in a context and a buffer
// of its own.
func (r *run) Fill(ctx context.Context) ([]byte, error) {
	if r.kept {
		ctx, r.holes = fragment.CollectHoles(ctx, r.caches, nil)
		defer r.in.unmarked(ctx, r)()
	} else {
		defer r.in.enter(ctx, r)()
	}
	if err := r.addTags(ctx); err != nil {
		return nil, err
	}
	return r.render(ctx)
}

// Buffers above this size are left to the garbage collector.
const maxPooled = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newBuffer() *bytes.Buffer {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func freeBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		buffers.Put(b)
	}
}
