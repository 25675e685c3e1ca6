package memo

import (
	"fmt"
	"reflect"
)

// A shape is what must be known of a type to store its values: whether some of
// them have to be looked at one by one, and where in them; and how large what is
// decoded can become.
type shape struct {
	kind   reflect.Kind // Invalid where there is nothing to look at
	size   int64        // of a value in memory
	watch  bool         // some values would come back different or not at all
	open   bool         // being surveyed: met again, the type may hold itself
	key    *shape       // of a map
	elem   *shape       // of a pointer, slice, array or map
	fields []shapeField // of a struct, those to be watched

	// Of a struct, as its fields are stored: in their order, and by name or
	// number.
	members  []member
	named    map[string]member
	numbered map[int64]member
}

type shapeField struct {
	index int
	shape *shape
}

// A survey finds out whether types can be stored in a format.
type survey struct {
	format    *format
	shapes    map[reflect.Type]*shape
	generic   bool // values stand in interfaces, and come back by what they are
	needsText bool // one has been found that can be encoded as text only
}

func newSurvey(f *format) *survey { return &survey{format: f, shapes: map[reflect.Type]*shape{}} }

// surveyed is what a survey found out about a type and what it holds.
type surveyed struct {
	format      *format
	shape       *shape
	mostPerByte int64 // that the decoder can be made to allocate
}

// all surveys the type t of an answer.
func (s *survey) all(t reflect.Type) (surveyed, error) {
	top, err := s.of(t, t.String())
	if err != nil {
		return surveyed{}, err
	}
	return surveyed{s.format, top, s.mostPerByte()}, nil
}

// of surveys the type t, found at path. Its error names what cannot be stored
// and what to do.
func (s *survey) of(t reflect.Type, path string) (*shape, error) {
	if known, ok := s.shapes[t]; ok {
		known.watch = known.watch || known.open
		return known, nil
	}
	found := &shape{open: true, size: int64(t.Size())}
	s.shapes[t] = found
	err := s.look(t, path, found)
	found.open = false
	return found, err
}

func (s *survey) look(t reflect.Type, path string, found *shape) error {
	if own, err := s.encodesItself(t, path); own || err != nil {
		found.watch = t == typeTime
		return err
	}
	found.kind = t.Kind()
	switch t.Kind() {
	case reflect.Pointer:
		return s.pointer(t, path, found)
	case reflect.Slice, reflect.Array:
		return s.inside(&found.elem, t.Elem(), path+"[]", found)
	case reflect.Map:
		return s.mapping(t, path, found)
	case reflect.Struct:
		return s.structure(t, path, found)
	case reflect.Interface:
		found.watch = true
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s is a %s: an interface with methods cannot be decoded; use the type that is in it, or any", path, t)
		}
	case reflect.String:
		found.watch = s.format.isText
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		found.watch = s.format.isText && s.generic
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		return fmt.Errorf("%s is a %s (%s), which cannot be stored: leave it out of the type that the loader returns", path, t, t.Kind())
	}
	return nil
}

// encodesItself reports a type whose insides are not the codec's to see.
func (s *survey) encodesItself(t reflect.Type, path string) (bool, error) {
	if s.format.natives && isNative(t) {
		return true, nil
	}
	for i := range s.format.encoders {
		if own, err := s.format.encoders[i].encodesBy(t, path); own || err != nil {
			return own, err
		}
	}
	return false, nil
}

// inside surveys a part of the type of found.
func (s *survey) inside(part **shape, t reflect.Type, path string, found *shape) (err error) {
	*part, err = s.of(t, path)
	found.watch = found.watch || (*part).watch
	return err
}

// maxPointers is far more than anybody needs; a type that is a pointer to
// itself has no end.
const maxPointers = 8

func (s *survey) pointer(t reflect.Type, path string, found *shape) error {
	to := t
	for n := 0; to.Kind() == reflect.Pointer; to = to.Elem() {
		if n++; n > maxPointers {
			return fmt.Errorf("%s is a pointer to a pointer, and so on: point to a value", path)
		}
	}
	found.watch = s.format.mayBeNull(t.Elem())
	return s.inside(&found.elem, t.Elem(), path, found)
}

// mayBeNull reports a type with a value that is encoded as null. A pointer to
// that would come back as nil.
func (f *format) mayBeNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	if f.isText {
		return t != typeTime && reflect.PointerTo(t).Implements(encodesJSON.marshaler)
	}
	return t == typeTime
}

func (s *survey) mapping(t reflect.Type, path string, found *shape) error {
	if holdsPointer(t.Key()) {
		return fmt.Errorf("%s is a %s: its keys hold pointers, which would not be found again; use what they point to", path, t)
	}
	if s.format.isText {
		if err := s.named(t, path); err != nil {
			return err
		}
	}
	if err := s.inside(&found.key, t.Key(), path+"[key]", found); err != nil {
		return err
	}
	return s.inside(&found.elem, t.Elem(), path+"[]", found)
}

// named reports a map that is no object of JSON: its keys must have names, and
// its elements are where no address is.
func (s *survey) named(t reflect.Type, path string) error {
	key, ok := t.Key(), false
	text := reflect.PointerTo(key).Implements(encodesText.unmarshaler)
	switch key.Kind() {
	case reflect.String:
		ok = !text
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		ok = key.Implements(encodesText.marshaler) == text
	default:
		ok = text && key.Implements(encodesText.marshaler)
	}
	if !ok {
		return fmt.Errorf("%s is a %s: JSON has strings, whole numbers and what has MarshalText for keys; use those, a list of pairs, or CBOR", path, t)
	}
	if s.format.needsAddress(t.Elem()) {
		return fmt.Errorf("%s is a %s: JSON calls methods of *%s on no element of a map; use pointers to it", path, t, t.Elem())
	}
	return nil
}

// holdsPointer tells of a type that can be the key of a map, and so cannot hold
// itself, whether it holds a pointer.
func holdsPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return true
	case reflect.Array:
		return holdsPointer(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); t != typeTime && f.IsExported() && holdsPointer(f.Type) {
				return true
			}
		}
	}
	return false
}
