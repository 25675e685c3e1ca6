package memo

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// A member is a field of a struct as it is stored.
type member struct {
	shape  *shape
	around int64 // size of what is allocated for it: structs embedded by pointer
}

// What an interface holds costs a word or two beside the interface.
var (
	anything = shape{kind: reflect.Interface, size: 32}
	anyList  = shape{kind: reflect.Slice, elem: &anything}
)

// What encodes itself has the shape of none of these.
func (s *shape) pointsTo() bool { return s.kind == reflect.Pointer }
func (s *shape) isMap() bool    { return s.kind == reflect.Map }
func (s *shape) isStruct() bool { return s.kind == reflect.Struct }
func (s *shape) isSlice() bool  { return s.kind == reflect.Slice }
func (s *shape) isList() bool   { return s.isSlice() || s.kind == reflect.Array }

// costOfMap is about what a map of n pairs takes, and the codec's own table of
// the keys that it has met.
func costOfMap(key, elem, n int64) int64 {
	cost := int64(128)
	if n > 0 {
		// Tables have room for eight and for a half more than asked for.
		cost += (n + 8) * (2*(inTable(key)+inTable(elem)) + 48)
	}
	for _, size := range [...]int64{key, elem} {
		if size > maxInTable {
			cost += (n + 1) * size
		}
	}
	return cost
}

// maxInTable is the largest key or element that stands in the table of a map;
// larger ones stand on their own.
const maxInTable = 128

func inTable(size int64) int64 {
	if size > maxInTable {
		return 8
	}
	return size
}

// addMembers notes how the fields of t are stored, in their order.
func (s *survey) addMembers(found *shape, t reflect.Type, around int64) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if s.format.isFlattened(f) {
			inner := elemOf(f.Type)
			if f.Type.Kind() == reflect.Pointer {
				s.addMembers(found, inner, around+int64(inner.Size()))
			} else {
				s.addMembers(found, inner, around)
			}
			continue
		}
		p := member{s.shapes[f.Type], around}
		found.members = append(found.members, p)
		kind, name, _ := strings.Cut(s.format.storedName(f), " ")
		if kind == "text" {
			found.named[name] = p
		} else if n, err := strconv.ParseInt(name, 10, 64); err == nil {
			found.numbered[n] = p
		}
	}
}

// mostPerByte is a bound on what one byte of an answer can make the codec
// allocate, as an element, for pointers to it and as a map.
func (s *survey) mostPerByte() int64 {
	var elements, pointers, maps int64
	for t, one := range s.shapes {
		switch {
		case one.isSlice():
			elements = max(elements, one.elem.size)
		case one.pointsTo():
			pointers += one.elem.size
		case one.isMap():
			maps = max(maps, costOfMap(one.key.size, one.elem.size, 1))
		case one.kind == reflect.Interface, t == reflect.TypeFor[cbor.Tag]():
			elements = max(elements, anything.size)
			maps = max(maps, costOfMap(anything.size, anything.size, 1))
		}
	}
	return elements + pointers + maps
}
