package tags

import (
	"fmt"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

const (
	usageOfNoStore   = `{% nostore "reason" %}`
	usageOfCacheTags = `{% cachetags TAG … %}, such as {% cachetags "users" user.Tag %}`
)

// A noStoreTag is {% nostore %}: what is being rendered around it is not stored.
type noStoreTag struct {
	start  *pongo2.Token
	reason *operand // nil: its place
}

func parseNoStore(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usageOfNoStore}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	t := &noStoreTag{start: start}
	if r.Remaining() == 0 {
		return t, nil
	}
	var err *pongo2.Error
	if t.reason, err = r.operand("the reason"); err != nil {
		return nil, err
	}
	if next := r.Current(); next != nil {
		return nil, r.fail(next, "nostore takes one reason: write "+r.usage)
	}
	return t, nil
}

func (t *noStoreTag) Execute(ec *pongo2.ExecutionContext, _ pongo2.TemplateWriter) (failed *pongo2.Error) {
	in, _, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := &evaluation{ec: ec, start: t.start}
	defer e.recovered(&failed)
	reason := fmt.Sprintf("{%% nostore %%} in line %d of %s", t.start.Line, t.start.Filename)
	if t.reason != nil {
		v, err := e.evaluate(t.reason)
		if err != nil {
			return err
		}
		if reason = stringOf(v); reason == "" {
			return e.failAt(e.at, fmt.Errorf("the reason is %s: want a string that says why, as in %s", describe(v.Interface()), usageOfNoStore))
		}
	}
	fragment.DoNotStore(in.ctx, reason)
	return nil
}

// A tagsTag is {% cachetags %}: it adds tags to what is being rendered around it.
type tagsTag struct {
	start *pongo2.Token
	tags  []*operand
}

func parseCacheTags(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usageOfCacheTags}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	if r.Remaining() == 0 {
		return nil, r.fail(start, "cachetags needs a tag: write "+r.usage)
	}
	t := &tagsTag{start: start}
	for r.Remaining() > 0 {
		if comma := r.Match(pongo2.TokenSymbol, ","); comma != nil && r.Remaining() == 0 {
			return nil, r.fail(comma, "nothing follows the last comma: write "+r.usage)
		}
		if r.atOption() {
			return nil, r.fail(r.Current(), "cachetags has no options: write "+r.usage)
		}
		o, err := r.operand(fmt.Sprintf("TAG %d", len(t.tags)+1))
		if err != nil {
			return nil, err
		}
		if text, ok := o.literalString(); ok {
			if _, wrong := tagList(o.label, text); wrong != nil {
				return nil, r.fail(o.tokens[0], wrong.Error())
			}
		}
		t.tags = append(t.tags, o)
	}
	return t, nil
}

func (t *tagsTag) Execute(ec *pongo2.ExecutionContext, _ pongo2.TemplateWriter) *pongo2.Error {
	in, _, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := &evaluation{ec: ec, start: t.start}
	for _, o := range t.tags {
		tags, err := e.tags(o)
		if err != nil {
			return err
		}
		fragment.AddTags(in.ctx, tags...)
	}
	return nil
}
