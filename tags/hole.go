package tags

import (
	"fmt"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

const usageOfHole = `{% hole "name" [ARGUMENT …] %}, such as {% hole "price" product.ID %}`

// A holeTag is {% hole %}: a function of Go writes what stands there, for each
// visitor of what is cached around it.
type holeTag struct {
	start *pongo2.Token
	name  *operand
	args  []*operand

	inMacro bool
}

func parseHole(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usageOfHole}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	if r.Remaining() == 0 {
		return nil, r.fail(start, "the name of the hole is missing: write "+r.usage)
	}
	t := &holeTag{start: start, inMacro: openTag(doc, 0, position(doc), "macro") != nil}
	for r.Remaining() > 0 {
		if comma := r.Match(pongo2.TokenSymbol, ","); comma != nil && r.Remaining() == 0 {
			return nil, r.fail(comma, "nothing follows the last comma: write "+r.usage)
		}
		if err := t.read(r); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// read reads the name or the next argument.
func (t *holeTag) read(r reader) (err *pongo2.Error) {
	if r.atOption() {
		return r.fail(r.Current(), "hole has no options: write "+r.usage)
	}
	if t.name != nil {
		o, err := r.operand(fmt.Sprintf("ARGUMENT %d", len(t.args)+1))
		t.args = append(t.args, o)
		return err
	}
	if t.name, err = r.operand("the name of the hole"); err != nil {
		return err
	}
	if literal := t.name.literal(); literal != nil && (literal.Typ != pongo2.TokenString || literal.Val == "") {
		return r.fail(literal, fmt.Sprintf("the name of the hole is %s: want a string that is not empty, as in %s", t.name.text, r.usage))
	}
	return nil
}

func (t *holeTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, binding, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	e := &evaluation{ec: ec, start: t.start}
	h, failed := t.hole(e, binding)
	if failed != nil {
		return failed
	}
	w, done := in.showing(w, t.inMacro)
	defer done()
	if err := fragment.WriteHole(in.ctx, w, binding.caches, h); err != nil {
		return e.failAt(t.start, err)
	}
	return nil
}

// hole evaluates the operands.
func (t *holeTag) hole(e *evaluation, b *Binding) (h fragment.Hole, failed *pongo2.Error) {
	defer e.recovered(&failed)
	v, failed := e.evaluate(t.name)
	if failed != nil {
		return h, failed
	}
	switch h.Name = stringOf(v); {
	case h.Name == "":
		return h, e.failAt(e.at, fmt.Errorf("the name of the hole is %s: want a string that is not empty, as in %s", describe(v.Interface()), usageOfHole))
	case !b.caches.HasHole(h.Name):
		return h, e.failAt(e.at, fmt.Errorf("there is no hole %q: register a function by Registry.Hole(%q, …)", h.Name, h.Name))
	}
	if h.Args, failed = e.values(t.args, nil); failed != nil {
		return h, failed
	}
	for i, arg := range h.Args {
		var err error
		if h.Args[i], err = fragment.HoleArg(arg); err != nil {
			o := t.args[i]
			return h, e.failAt(o.tokens[0], fmt.Errorf("%s: %w", o.label, err))
		}
	}
	return h, nil
}
