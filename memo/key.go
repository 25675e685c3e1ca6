package memo

import (
	"reflect"

	"github.com/pongocache/pongocache/fragment"
)

// space is where the keys of loaders are: they meet no others.
const space = fragment.Space("memo")

// A keyPlan says how the arguments of a loader become keys. It is made once.
type keyPlan struct {
	start  fragment.KeyBuilder // with the name and the fingerprint of K and V
	part   part
	shares bool // an argument holds pointers or slices, which can be copied
	bound  bool // it holds what cannot, and what may end with its caller
}

// begin sets what all keys begin with.
func (p *keyPlan) begin(name, print string) {
	p.start.Start(space, name)
	p.start.String(print)
}

// keyOf returns the key for the argument k. The commonest arguments take no
// reflection.
func keyOf[K any](p *keyPlan, k K) fragment.Key {
	b := p.start.Clone()
	switch plain := any(k).(type) {
	case string:
		b.String(plain)
	case int:
		b.Int(int64(plain))
	case int32:
		b.Int(int64(plain))
	case int64:
		b.Int(plain)
	case uint32:
		b.Uint(uint64(plain))
	case uint64:
		b.Uint(plain)
	default:
		boxed := k // the only K that leaves the stack
		p.part.add(&b, reflect.ValueOf(&boxed).Elem())
	}
	return b.Key()
}

// ownKey returns a copy of k that shares nothing with it, for a load that goes on
// when k may be changed.
func ownKey[K any](p *keyPlan, k K) K {
	if p.shares {
		boxed := k
		p.part.own(reflect.ValueOf(&boxed).Elem())
		return boxed
	}
	return k
}
