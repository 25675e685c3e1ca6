package memo

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A format is what a survey must know of an encoding.
type format struct {
	tags     []string  // the keys of the struct tags that it heeds, the first before the others
	encoders []encoder // the pairs of methods that it calls, in its order
	natives  bool      // it knows some types by itself: see isNative

	// isText: strings must be UTF-8, whole numbers in interfaces become floats,
	// maps have names for keys, and methods of an address are not called on what
	// stands in a map or an interface. Otherwise the zero time is null.
	isText bool

	inside sync.Map // reflect.Type → *shape of what was found in interfaces
}

var (
	cborFormat = &format{
		tags: []string{"cbor", "json"}, natives: true,
		encoders: []encoder{encodesCBOR, encodesBinary},
	}
	// cborTextFormat is for types that hold one that can be encoded as text only.
	// Then those that could be encoded otherwise too are text as well.
	cborTextFormat = &format{
		tags: []string{"cbor", "json"}, natives: true,
		encoders: []encoder{encodesCBOR, encodesBinary, encodesText},
	}
	jsonFormat = &format{
		tags: []string{"json"}, isText: true,
		encoders: []encoder{encodesJSON, encodesText},
	}
)

// remedy names the pair of methods that a type can be given.
func (f *format) remedy() string {
	if f.isText {
		return "JSON"
	}
	return "Binary"
}

// tagOf returns the tag of a field that the format heeds, and its key. The tag
// "-" leaves the field out.
func (f *format) tagOf(field reflect.StructField) (tag, key string) {
	for _, key = range f.tags {
		if tag = field.Tag.Get(key); tag != "" {
			break
		}
	}
	return tag, key
}

// isFlattened reports an embedded struct, whose fields the format takes for
// those of the struct around it.
func (f *format) isFlattened(field reflect.StructField) bool {
	if !field.Anonymous || elemOf(field.Type).Kind() != reflect.Struct {
		return false
	}
	name, _ := f.nameOf(field)
	return name == "" && (field.IsExported() || field.Type.Kind() == reflect.Struct)
}

// nameOf returns the name of a field by its tag, or "".
func (f *format) nameOf(field reflect.StructField) (name string, options []string) {
	tag, _ := f.tagOf(field)
	parts := strings.Split(tag, ",")
	if f.isText && strings.ContainsFunc(parts[0], isUnfitForName) {
		return "", parts[1:]
	}
	return parts[0], parts[1:]
}

// isUnfitForName reports what encoding/json does not take in the name of a
// field: it then goes by the name in Go.
func isUnfitForName(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c)
}

// storedName is what tells a field apart where it is stored.
func (f *format) storedName(field reflect.StructField) string {
	name, options := f.nameOf(field)
	if name == "" {
		name = field.Name
	}
	if !f.isText && slices.Contains(options, "keyasint") {
		return "int " + name
	}
	return "text " + name
}

// needsAddress reports a type whose own methods a format that is text would not
// call on a value in a map or an interface, where it has no address.
func (f *format) needsAddress(t reflect.Type) bool {
	for i := range f.encoders {
		e := &f.encoders[i]
		if t.Implements(e.marshaler) || !f.isText {
			return false
		}
		if reflect.PointerTo(t).Implements(e.marshaler) {
			return true
		}
	}
	switch t.Kind() {
	case reflect.Array:
		return f.needsAddress(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f.needsAddress(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
