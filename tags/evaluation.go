package tags

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// An evaluation is one execution of a template tag, as far as its operands go.
type evaluation struct {
	ec    *pongo2.ExecutionContext
	start *pongo2.Token // the name of the template tag
	at    *pongo2.Token // what is being evaluated, for errors
	doing string        // the same in words
}

// evaluate returns the value of an operand.
func (e *evaluation) evaluate(o *operand) (*pongo2.Value, *pongo2.Error) {
	e.at, e.doing = o.tokens[0], o.label
	if name := o.missing(e.ec); name != nil {
		return nil, e.failAt(name, fmt.Errorf("%s: %s is not in the context: pass it, or write %s|default:\"\" where it may be missing", o.label, name.Val, name.Val))
	}
	v, err := o.expr.Evaluate(e.ec)
	if err != nil && err.Filename == "" && err.Token != nil {
		err.Filename = err.Token.Filename
	}
	return v, err
}

// values returns those of operands, in room if that has enough.
func (e *evaluation) values(operands []*operand, room []any) ([]any, *pongo2.Error) {
	for _, o := range operands {
		v, err := e.evaluate(o)
		if err != nil {
			return nil, err
		}
		room = append(room, unwrap(v.Interface()))
	}
	return room, nil
}

// recovered makes a panic of pongo2, which has some on odd values, an error of
// the template.
func (e *evaluation) recovered(err **pongo2.Error) {
	p := recover()
	if p == nil {
		return
	}
	if cause, ok := p.(error); ok {
		*err = e.failAt(e.at, fmt.Errorf("%s cannot be evaluated: %w", e.doing, cause))
		return
	}
	*err = e.failAt(e.at, fmt.Errorf("%s cannot be evaluated: %v", e.doing, p))
}

// failAt returns err at a token of the template tag.
func (e *evaluation) failAt(at *pongo2.Token, err error) *pongo2.Error {
	return failIn(e.ec, e.start, at, err)
}

// failIn returns err as pongo2 wants it. That of a body is given to all who
// waited for it, and pongo2 writes into errors on their way up: each caller
// needs a copy.
func failIn(ec *pongo2.ExecutionContext, start, at *pongo2.Token, err error) *pongo2.Error {
	var inner *pongo2.Error
	if errors.As(err, &inner) {
		own := *inner
		return &own
	}
	own := ec.OrigError(err, at)
	own.Sender = "tag:" + start.Val
	return own
}

// stringOf returns what a string holds, else "".
func stringOf(v *pongo2.Value) string {
	if r := reflect.ValueOf(v.Interface()); r.Kind() == reflect.String {
		return r.String()
	}
	return ""
}

// describe says what a value is that should be a string.
func describe(v any) string {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	}
	return fmt.Sprintf("of type %T", v)
}

// cache returns the cache that using= names, or the one of blocks without it.
func (e *evaluation) cache(b *Binding, using *operand) (*fragment.Cache, *pongo2.Error) {
	if using == nil {
		return b.main, nil
	}
	name, literal := using.literalString()
	if !literal {
		v, err := e.evaluate(using)
		if err != nil {
			return nil, err
		}
		if name = stringOf(v); name == "" {
			return nil, e.failAt(e.at, fmt.Errorf("using= is %s: want the name of a cache, such as using=\"shared\"", describe(v.Interface())))
		}
	}
	c, ok := b.caches.Lookup(name)
	if !ok {
		return nil, e.failAt(using.tokens[0], fmt.Errorf("using=: there is no cache %q: open it with Registry.Open, or declare it with Registry.Cache(%q)", name, name))
	}
	return c, nil
}
