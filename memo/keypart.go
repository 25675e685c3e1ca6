package memo

import (
	"reflect"

	"github.com/pongocache/pongocache/fragment"
)

// add adds v, which is addressable or the element of a slice, to the key.
func (p *part) add(b *fragment.KeyBuilder, v reflect.Value) {
	switch p.how {
	case partString:
		b.String(v.String())
	case partInt:
		b.Int(v.Int())
	case partUint:
		b.Uint(v.Uint())
	case partBool:
		b.Bool(v.Bool())
	case partFloat:
		b.Float(v.Float())
	case partAddress:
		b.Part(v.Addr().Interface())
	case partStruct:
		for i := range p.fields {
			f := &p.fields[i]
			f.part.add(b, v.Field(f.index))
		}
	case partPointer, partSlice, partBytes, partArray:
		p.addElems(b, v)
	default:
		b.Part(v.Interface())
	}
}

// addElems adds what v points to or holds. A nil is told apart from whatever
// may stand for the element, which may be nil itself.
func (p *part) addElems(b *fragment.KeyBuilder, v reflect.Value) {
	if p.how != partArray && v.IsNil() {
		b.Nil()
		return
	}
	switch p.how {
	case partBytes:
		b.Bytes(v.Bytes())
		return
	case partPointer:
		b.Bool(true)
		p.elem.add(b, v.Elem())
		return
	case partSlice:
		b.Int(int64(v.Len()))
	}
	for i := range v.Len() {
		p.elem.add(b, v.Index(i))
	}
}

// own gives v, a copy of an argument, memory of its own in place of what it
// shares with the original.
func (p *part) own(v reflect.Value) {
	switch p.how {
	case partStruct:
		for i := range p.fields {
			f := &p.fields[i]
			f.part.own(v.Field(f.index))
		}
	case partArray:
		p.ownElems(v)
	case partBytes, partSlice:
		if v.IsNil() {
			return
		}
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		v.Set(list)
		if p.how == partSlice {
			p.ownElems(v)
		}
	case partPointer:
		if v.IsNil() {
			return
		}
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(v.Elem())
		p.elem.own(to.Elem())
		v.Set(to.Convert(v.Type()))
	}
}

func (p *part) ownElems(v reflect.Value) {
	for i := range v.Len() {
		p.elem.own(v.Index(i))
	}
}
