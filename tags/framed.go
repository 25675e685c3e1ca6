package tags

import (
	"bytes"
	"context"
	"fmt"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// The value of a block begins with a byte that says what follows: the body, or a
// frame of the body and its holes.
const (
	plainBody  = 0
	framedBody = 1
)

// opened is what a value holds.
type opened struct {
	body   []byte // if there are no holes
	framed fragment.Framed
	holes  bool
}

// open reads a value; ok is false if no block like this one has stored it.
func (r *run) open(value []byte) (o opened, ok bool) {
	if len(value) == 0 {
		return o, false
	}
	switch value[0] {
	case plainBody:
		o.body = value[1:]
		return o, true
	case framedBody:
		o.holes = true
		o.framed, ok = fragment.OpenFrame(value[1:], r.knows)
	}
	return o, ok
}

// write writes what the block shows, and fills its holes for this rendering. A value
// that is none of the block is replaced before.
func (r *run) write(w pongo2.TemplateWriter, value []byte, p *plan) (err error) {
	o, ok := r.open(value)
	if !ok {
		if o, err = r.getAnew(*p); err != nil {
			return err
		}
	}
	if r.in.outline != nil {
		return r.writeOutlined(w, o, p)
	}
	return r.writePlain(w, o)
}

func (r *run) writePlain(w pongo2.TemplateWriter, o opened) error {
	if !o.holes {
		_, err := w.Write(o.body)
		return err
	}
	r.serves = serving{entry: r.entry, around: r.in.serving}
	r.in.serving = &r.serves
	defer func() { r.in.serving = r.serves.around }()
	return o.framed.Write(w, func(h fragment.Hole) error { return r.fillHole(w, h) })
}

// getAnew replaces what is stored, and renders the block alone if others do not let
// it.
func (r *run) getAnew(p plan) (opened, error) {
	p.policy.Refresh = true
	value, err := p.cache.DoFiller(r.in.asking(), p.key, p.policy, r)
	if o, ok := r.open(value); ok || err != nil {
		return o, err
	}
	r.kept, p.policy.TTL = false, -1
	value, err = p.cache.DoFiller(r.in.asking(), p.key, p.policy, r)
	o, _ := r.open(value)
	return o, err
}

// StoredBody returns what a value that a block has stored shows, without its holes;
// ok is false for anything else. It may be a part of value.
func StoredBody(value []byte) (body []byte, ok bool) {
	switch {
	case len(value) > 0 && value[0] == plainBody:
		return value[1:], true
	case len(value) == 0 || value[0] != framedBody:
		return nil, false
	}
	framed, ok := fragment.OpenFrame(value[1:], func(fragment.Hole) bool { return true })
	var b bytes.Buffer
	_ = framed.Write(&b, func(fragment.Hole) error { return nil }) // a buffer does not fail
	return b.Bytes(), ok
}

// render renders the body into r.buf, and returns the value of the block.
func (r *run) render(ctx context.Context) ([]byte, error) {
	if err := r.body(); err != nil {
		return nil, err
	}
	at := r.tag.start
	if r.holes.Borrows(r.buf.Bytes()) {
		fragment.SkipStore(ctx, fmt.Sprintf("a variable that the block in line %d of %s shows has a hole of what is around it", at.Line, at.Filename))
	}
	if r.holes.Len() == 0 {
		r.skipShown(ctx, r.buf.Bytes())
		return r.buf.Bytes(), nil
	}
	value, err := r.holes.Frame([]byte{framedBody}, r.buf.Bytes()[1:])
	if err == nil {
		r.skipShown(ctx, value) // an argument of a hole may have it, too
		return value, nil
	}
	// The visitor gets a right page all the same: from now on each hole is
	// filled where it stands. What comes of that is of this visitor alone.
	fragment.DoNotStore(ctx, fmt.Sprintf("the block in line %d of %s: %v", at.Line, at.Filename, err))
	if err := r.body(); err != nil {
		return nil, err
	}
	return r.buf.Bytes(), nil
}

// skipShown keeps a value from being stored that has what one visitor was shown.
func (r *run) skipShown(ctx context.Context, value []byte) {
	if r.kept && (r.in.shown.in(value) || r.brings(value)) {
		at := r.tag.start
		fragment.SkipStore(ctx, fmt.Sprintf("a variable that the block in line %d of %s shows has what a hole showed one visitor", at.Line, at.Filename))
	}
}

// body executes the body.
func (r *run) body() error {
	if r.buf == nil {
		r.buf = newBuffer()
	}
	r.buf.Reset()
	r.buf.WriteByte(plainBody)
	child := pongo2.NewChildExecutionContext(r.ec)
	if r.placeless {
		delete(child.Private, "forloop")
	}
	if r.kept {
		defer r.watch(child)()
	}
	if err := r.tag.body.Execute(child, r.buf); err != nil {
		return err // and not as it is, which would be a nil inside of an interface
	}
	if r.kept && r.in.outlined != nil {
		r.in.outlined.unmark(r.buf)
	}
	return nil
}
