package memo

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
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
	var l planner
	p, err := l.plan(t, t.String(), nil)
	if err != nil {
		return keyPlan{}, fmt.Errorf("the argument cannot be a key: %w", err)
	}
	return keyPlan{part: p, shares: l.shares, bound: l.bound}, nil
}

// A planner plans the parts of an argument.
type planner struct{ shares, bound bool } // see keyPlan

// plan plans values of type t, found at path inside of the types around.
func (l *planner) plan(t reflect.Type, path string, around []reflect.Type) (part, error) {
	if slices.Contains(around, t) {
		return part{}, fmt.Errorf("%s, a %s, may hold itself: %s", path, t, keyRemedy)
	}
	around = append(around, t)
	switch {
	case t.Implements(typeCacheKeyer):
		l.bind(t)
		return part{how: partAny}, checkPromoted(t, path, "CacheKey", typeCacheKeyer)
	case reflect.PointerTo(t).Implements(typeCacheKeyer):
		l.bind(t)
		return part{how: partAddress}, checkPromoted(t, path, "CacheKey", typeCacheKeyer)
	case t == typeTime:
		return part{how: partTime}, nil
	case t.Kind() == reflect.Struct:
		return l.structure(t, path, around)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		l.shares = true
		return part{how: partBytes}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		l.shares = true
		return l.elem(partPointer, t, path, around)
	case reflect.Slice:
		l.shares = true
		return l.elem(partSlice, t, path+"[]", around)
	case reflect.Array:
		return l.elem(partArray, t, path+"[]", around)
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

func (l *planner) elem(how partKind, t reflect.Type, path string, around []reflect.Type) (part, error) {
	elem, err := l.plan(t.Elem(), path, around)
	return part{how: how, elem: &elem}, err
}

func (l *planner) structure(t reflect.Type, path string, around []reflect.Type) (part, error) {
	p := part{how: partStruct}
	for i := range t.NumField() {
		f := t.Field(i)
		path := path + "." + f.Name
		if tag, ok := f.Tag.Lookup("memo"); ok && tag != "-" {
			return part{}, fmt.Errorf(`%s has the tag memo:%q: want memo:"-" or none`, path, tag)
		}
		if isIgnored(f) {
			if f.Name != "_" {
				l.bind(f.Type)
			}
			continue
		}
		if !f.IsExported() {
			return part{}, fmt.Errorf(`%s is an unexported field: export it, or give it (or what holds it) the tag memo:"-" if no answer depends on it, or %s`, path, keyRemedy)
		}
		inner, err := l.plan(f.Type, path, around)
		if err != nil {
			return part{}, err
		}
		p.fields = append(p.fields, field{i, inner})
	}
	return p, nil
}

// isIgnored reports a field of an argument that is not in the key.
func isIgnored(f reflect.StructField) bool { return f.Name == "_" || f.Tag.Get("memo") == "-" }

// bind notes a part of type t that is the loader's to see and nobody's to copy.
func (l *planner) bind(t reflect.Type) { l.bound = l.bound || refers(t) }

// refers reports a type whose values may refer to what others change or close, or
// are not to be copied.
func refers(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[sync.Locker]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return t.Len() > 0 && refers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if t != typeTime && refers(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
