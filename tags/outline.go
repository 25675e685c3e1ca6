package tags

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// An Outline learns where the cached blocks of one rendering stand in what it
// writes, for development. It marks them there, and Next finds the marks again.
// A block inside of one that is stored is a part of that one. An Outline belongs
// to the goroutine that renders.
type Outline struct {
	Blocks []Block // in no order

	mark string // nothing else that the template may write
}

// A Block tells of one execution of a cached block.
type Block struct {
	Name  string        // NAME, or the path of the template
	State string        // "hit", "stale", "miss", or "off" if it is rendered without the cache
	Age   time.Duration // since it was rendered
	Life  time.Duration // how long it is fresh from then on
	Cost  time.Duration // what rendering it took
	Tags  []string      // without those that are of package tags itself
}

// NewOutline returns an Outline for one rendering.
func NewOutline() *Outline { return &Outline{mark: "\x00" + rand.Text() + ":"} }

// ID returns a word that is of this Outline alone.
func (o *Outline) ID() string { return strings.Trim(o.mark, "\x00:") }

// AttachOutlined is AttachWith for a rendering that marks its blocks for o. Its
// output must pass through Next and never be stored before.
func (b *Binding) AttachOutlined(ctx context.Context, data pongo2.Context, s Sources, o *Outline) {
	data[bindingKey] = opaque(&rendering{binding: b, ctx: ctx, sources: s, outline: o, outlined: o})
}

// unmark takes the marks out of a body that is to be stored, where a variable has
// brought them: they are of this rendering.
func (o *Outline) unmark(body *bytes.Buffer) {
	if !bytes.Contains(body.Bytes(), []byte(o.mark)) {
		return
	}
	rest, marked := bytes.Clone(body.Bytes()), true
	for body.Reset(); marked; {
		var before []byte
		before, _, _, rest, marked = o.Next(rest)
		body.Write(before)
	}
}

// Next cuts page at its first mark: the begin of Blocks[block], or its end; block
// is negative if a filter has changed the mark. At is false if there is none.
func (o *Outline) Next(page []byte) (before []byte, block int, end bool, after []byte, at bool) {
	before, after, at = bytes.Cut(page, []byte(o.mark))
	if !at {
		return page, 0, false, nil, false
	}
	number, after, _ := bytes.Cut(after, []byte{0})
	text := string(number)
	block, err := strconv.Atoi(strings.TrimPrefix(text, "/"))
	if err != nil || block < 0 || block >= len(o.Blocks) {
		return before, -1, false, after, true // a filter was at it
	}
	return before, block, strings.HasPrefix(text, "/"), after, true
}

// writeOutlined writes what the block shows between two marks.
func (r *run) writeOutlined(w pongo2.TemplateWriter, shown opened, p *plan) error {
	o := r.in.outline
	number := strconv.Itoa(len(o.Blocks))
	o.Blocks = append(o.Blocks, r.block(p))
	if _, err := w.WriteString(o.mark + number + "\x00"); err != nil {
		return err
	}
	if err := r.writePlain(w, shown); err != nil {
		return err
	}
	_, err := w.WriteString(o.mark + "/" + number + "\x00")
	return err
}

func (r *run) block(p *plan) Block {
	b := Block{Name: p.key.Name(), State: "hit"}
	switch {
	case p.policy.TTL < 0:
		b.State = "off"
		return b
	case r.stale:
		b.State = "stale"
	case r.buf != nil:
		b.State = "miss"
	}
	// A fault is told as an Event, and that there is nothing by the zero Info.
	info, ok, _ := p.cache.Info(r.in.ctx, p.key)
	if !ok {
		return b
	}
	b.Age, b.Life, b.Cost = time.Since(info.Created), info.Life, info.Cost
	for _, tag := range info.Tags {
		if !strings.HasPrefix(tag, fragment.TagOfKeys) {
			b.Tags = append(b.Tags, tag)
		}
	}
	return b
}

// ServedStale is called by the cache when it answers with a stale value.
func (r *run) ServedStale() { r.stale = true }
