package memo

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A part is how one value, an argument or a field of one, is added to a key.
// What a part adds can be read back in one way only, given its type.
type part struct {
	how    partKind
	elem   *part   // of a pointer, slice or array
	fields []field // of a struct
}

type field struct {
	index int
	part  part
}

type partKind uint8

const (
	partAny     partKind = iota // as KeyBuilder.Part takes it
	partAddress                 // its address has CacheKey() string
	partString
	partInt
	partUint
	partBool
	partFloat
	partTime
	partBytes
	partPointer
	partSlice
	partArray
	partStruct
)

type cacheKeyer interface{ CacheKey() string }

var (
	typeCacheKeyer = reflect.TypeFor[cacheKeyer]()
	typeTime       = reflect.TypeFor[time.Time]()
)

const keyRemedy = "take its identifying fields as the argument instead, or give the type a method CacheKey() string"

// planKey returns the plan for arguments of type t.
func planKey(t reflect.Type) (keyPlan, error) {
	p, err := planPart(t, t.String(), nil)
	if err != nil {
		return keyPlan{}, fmt.Errorf("the argument cannot be a key: %w", err)
	}
	return keyPlan{part: p}, nil
}

// planPart plans values of type t, found at path inside of the types around.
func planPart(t reflect.Type, path string, around []reflect.Type) (part, error) {
	if slices.Contains(around, t) {
		return part{}, fmt.Errorf("%s, a %s, may hold itself: %s", path, t, keyRemedy)
	}
	around = append(around, t)
	switch {
	case t.Implements(typeCacheKeyer):
		return part{how: partAny}, checkPromoted(t, path, "CacheKey", typeCacheKeyer)
	case reflect.PointerTo(t).Implements(typeCacheKeyer):
		return part{how: partAddress}, checkPromoted(t, path, "CacheKey", typeCacheKeyer)
	case t == typeTime:
		return part{how: partTime}, nil
	case t.Kind() == reflect.Struct:
		return planStruct(t, path, around)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return part{how: partBytes}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return planElem(partPointer, t, path, around)
	case reflect.Slice:
		return planElem(partSlice, t, path+"[]", around)
	case reflect.Array:
		return planElem(partArray, t, path+"[]", around)
	}
	how, ok := scalarParts[t.Kind()]
	if !ok {
		return part{}, fmt.Errorf("%s, a %s (%s), cannot be told apart from its like: %s", path, t, t.Kind(), keyRemedy)
	}
	return part{how: how}, nil
}

var scalarParts = map[reflect.Kind]partKind{
	reflect.Bool: partBool, reflect.String: partString,
	reflect.Int: partInt, reflect.Int8: partInt, reflect.Int16: partInt, reflect.Int32: partInt, reflect.Int64: partInt,
	reflect.Uint: partUint, reflect.Uint8: partUint, reflect.Uint16: partUint, reflect.Uint32: partUint,
	reflect.Uint64: partUint, reflect.Uintptr: partUint,
	reflect.Float32: partFloat, reflect.Float64: partFloat,
	reflect.Complex64: partAny, reflect.Complex128: partAny,
}

func planElem(how partKind, t reflect.Type, path string, around []reflect.Type) (part, error) {
	elem, err := planPart(t.Elem(), path, around)
	return part{how: how, elem: &elem}, err
}

func planStruct(t reflect.Type, path string, around []reflect.Type) (part, error) {
	p := part{how: partStruct}
	for i := range t.NumField() {
		f := t.Field(i)
		path := path + "." + f.Name
		if tag, ok := f.Tag.Lookup("memo"); ok && tag != "-" {
			return part{}, fmt.Errorf(`%s has the tag memo:%q: want memo:"-" or none`, path, tag)
		}
		if isIgnored(f) {
			continue
		}
		if !f.IsExported() {
			return part{}, fmt.Errorf(`%s is an unexported field: export it, or give it (or what holds it) the tag memo:"-" if no answer depends on it, or %s`, path, keyRemedy)
		}
		inner, err := planPart(f.Type, path, around)
		if err != nil {
			return part{}, err
		}
		p.fields = append(p.fields, field{i, inner})
	}
	return p, nil
}

// isIgnored reports a field of an argument that is not in the key.
func isIgnored(f reflect.StructField) bool { return f.Name == "_" || f.Tag.Get("memo") == "-" }

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
