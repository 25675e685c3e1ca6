package tags

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/flosch/pongo2/v6"
)

// A run is one execution of a cacheTag. Runs are pooled, so that a hit
// allocates nothing for what only a miss needs.
type run struct {
	tag   *cacheTag
	ec    *pongo2.ExecutionContext
	in    *rendering
	buf   *bytes.Buffer // the body, once rendered
	at    *pongo2.Token // what is being evaluated, for errors
	doing string        // the same in words

	unkept bool // the body is not to be stored
	stale  bool // a stale value was served

	// What a fill needs for the tag by which Delete finds the entry.
	stamped bool
	name    string
	vary    []any // its room is kept from run to run
}

var runs = sync.Pool{New: func() any { return new(run) }}

// release gives r back. It is not called when a body panics: then it is unknown
// who else still has it.
func (r *run) release() {
	if r.buf != nil {
		freeBuffer(r.buf)
	}
	clear(r.vary)
	*r = run{vary: r.vary[:0]}
	runs.Put(r)
}

// Execute serves the block from its cache, or renders and stores it.
func (t *cacheTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return t.fail(ec, t.start, err)
	}
	r := runs.Get().(*run)
	r.tag, r.ec, r.in = t, ec, in
	p, failed := r.plan(binding)
	if failed != nil {
		return failed
	}
	if p.delete {
		// A fault was told as an Event, and must not break the page.
		_ = p.cache.Delete(in.ctx, p.key)
	}
	r.unkept = p.policy.TTL < 0
	value, err := p.cache.DoFiller(in.ctx, p.key, p.policy, r)
	if err == nil {
		err = r.write(w, value, &p)
	}
	r.release()
	if err != nil {
		return t.fail(ec, t.start, err)
	}
	return nil
}

// write writes the value, which may be the buffer itself.
func (r *run) write(w pongo2.TemplateWriter, value []byte, p *plan) error {
	if r.in.outline != nil {
		return r.writeOutlined(w, value, p)
	}
	_, err := w.Write(value)
	return err
}

// Detached implements fragment.Filler. A body is rendered by the request that
// shows it and never after that.
func (r *run) Detached() func(context.Context) ([]byte, error) { return nil }

// Fill implements fragment.Filler: it renders the body in a context and a buffer
// of its own.
func (r *run) Fill(ctx context.Context) ([]byte, error) {
	if r.unkept {
		defer r.in.enter(ctx)()
	} else {
		defer r.in.unmarked(ctx)()
	}
	if err := r.addTags(ctx); err != nil {
		return nil, err
	}
	r.addStamp(ctx)
	r.buf = newBuffer()
	if err := r.tag.body.Execute(pongo2.NewChildExecutionContext(r.ec), r.buf); err != nil {
		return nil, err // and not err above, which would be a nil inside of an interface
	}
	return r.buf.Bytes(), nil
}

// fail returns err as pongo2 wants it. That of a body is given to all who
// waited for it, and pongo2 writes into errors on their way up: each caller
// needs a copy.
func (t *cacheTag) fail(ec *pongo2.ExecutionContext, at *pongo2.Token, err error) *pongo2.Error {
	var inner *pongo2.Error
	if errors.As(err, &inner) {
		own := *inner
		return &own
	}
	own := ec.OrigError(err, at)
	own.Sender = sender
	return own
}

// evaluate returns the value of an operand.
func (r *run) evaluate(o *operand) (*pongo2.Value, *pongo2.Error) {
	r.at, r.doing = o.tokens[0], o.label
	if name := o.missing(r.ec); name != nil {
		return nil, r.failAt(name, fmt.Errorf("%s: %s is not in the context: pass it, or write %s|default:\"\" where it may be missing", o.label, name.Val, name.Val))
	}
	v, err := o.expr.Evaluate(r.ec)
	if err != nil && err.Filename == "" && err.Token != nil {
		err.Filename = err.Token.Filename
	}
	return v, err
}

func (r *run) failAt(at *pongo2.Token, err error) *pongo2.Error {
	return r.tag.fail(r.ec, at, err)
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
