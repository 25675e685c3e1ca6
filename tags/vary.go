package tags

import (
	"fmt"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// key returns the key of the entry.
func (r *run) key(b *Binding) (fragment.Key, *pongo2.Error) {
	t := r.tag
	sealed := t.sealed(r.in, b)
	if sealed.keys != nil {
		return sealed.keys.of(r.ec.Autoescape), nil
	}
	name, err := r.name(t.name, t.arguments.name)
	if err != nil {
		return fragment.Key{}, err
	}
	var version any
	if o := t.option[optVersion]; o != nil {
		v, err := r.evaluate(o)
		if err != nil {
			return fragment.Key{}, err
		}
		version = unwrap(v.Interface())
	}
	vary, err := r.values(t.vary, r.few[:0])
	if err != nil {
		return fragment.Key{}, err
	}
	r.named, r.vary = name, vary
	k := t.key(sealed.digest, name, r.ec.Autoescape, version, vary)
	if wrong := k.Err(); wrong != nil {
		return k, r.badKey(name, append(vary, version), slices.Concat(t.vary, []*operand{t.option[optVersion]}), wrong)
	}
	return k, nil
}

// name returns NAME: what is known of it, or what its expression gives.
func (e *evaluation) name(known string, o *operand) (string, *pongo2.Error) {
	if known != "" {
		return known, nil
	}
	v, err := e.evaluate(o)
	if err != nil {
		return "", err
	}
	name := stringOf(v)
	if name == "" {
		return "", e.failAt(e.at, fmt.Errorf("NAME is %s: want a string that is not empty; other values go behind it, as VARY", describe(v.Interface())))
	}
	return name, nil
}

// badKey tells which of the values, and of the operands that gave them, makes a
// key invalid.
func (e *evaluation) badKey(name string, values []any, operands []*operand, err error) *pongo2.Error {
	for i, v := range values {
		if space.Key(name, v).Err() != nil {
			o := operands[i]
			return e.failAt(o.tokens[0], fmt.Errorf("%s: %s is a %T, of which two cannot be told apart: name a field of it, such as %s.ID, or give the type a method CacheKey() string", o.label, o.text, v, o.text))
		}
	}
	return e.failAt(e.start, err)
}
