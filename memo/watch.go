package memo

import (
	"encoding/json"
	"reflect"
	"time"
	"unicode/utf8"
)

// A watcher looks at those parts of a value that its shape says may be of a
// kind that the codec changes without a word, or that would keep it busy for
// ever: before there are bytes.
type watcher struct {
	format *format
	left   int
}

const (
	// maxWatched is how many parts that hold others it looks at. Where
	// pointers share what they point to, there may be no end of them.
	maxWatched = 1 << 20
	// maxSteps is how deep it follows, pointers included, which the codec's
	// own limit does not count.
	maxSteps = 4 * maxDepth
)

// watch reports why the value that v points to cannot be stored, or nil.
func (s *surveyed) watch(v any) error {
	w := watcher{format: s.format, left: maxWatched}
	return w.look(reflect.ValueOf(v).Elem(), s.shape, 0)
}

// unfaithful is why a value would not come back as it is.
type unfaithful struct{ why string }

func (e *unfaithful) Error() string { return e.why }

var (
	errDeep   = &unfaithful{"it refers to itself, or is nested too deeply"}
	errMany   = &unfaithful{"it has too many parts"}
	errOffset = &unfaithful{"the zone of a time in it is off UTC by seconds: use UTC"}
	errNull   = &unfaithful{"a pointer in it points to a nil or to the zero time: use nil"}
	errInside = &unfaithful{"an interface in it holds what cannot be stored"}
	errUTF8   = &unfaithful{"a string in it is not UTF-8: use []byte, or CBOR"}
	errNumber = &unfaithful{"an empty json.Number in it would become 0"}
	errDigits = &unfaithful{"an interface in it holds a whole number that JSON would round: use its type, or CBOR"}
)

// look looks at v, which has the shape s.
func (w *watcher) look(v reflect.Value, s *shape, depth int) error {
	if !s.watch {
		return nil
	}
	if s.isLeaf() {
		return lookAtLeaf(v, s.kind)
	}
	if w.left--; w.left < 0 {
		return errMany
	}
	if depth > maxSteps {
		return errDeep
	}
	depth++
	switch s.kind {
	case reflect.Interface:
		return w.lookInside(v, depth)
	case reflect.Pointer:
		return w.lookBehind(v, s, depth)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := w.look(v.Index(i), s.elem, depth); err != nil {
				return err
			}
		}
	case reflect.Map:
		return w.lookThrough(v, s, depth)
	case reflect.Struct:
		for _, f := range s.fields {
			if err := w.look(v.Field(f.index), f.shape, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// isLeaf reports a shape that holds no other to be watched: of a time, a string
// or a number.
func (s *shape) isLeaf() bool {
	switch s.kind {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		return false
	}
	return true
}

// maxExact is up to where each whole number is a float64 too.
const maxExact = 1 << 53

func lookAtLeaf(v reflect.Value, kind reflect.Kind) error {
	switch kind {
	case reflect.Invalid:
		if _, offset := v.Interface().(time.Time).Zone(); offset%60 != 0 {
			return errOffset
		}
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return errUTF8
		}
		if v.Len() == 0 && v.Type() == reflect.TypeFor[json.Number]() {
			return errNumber
		}
	case reflect.Int, reflect.Int64:
		if i := v.Int(); i > maxExact || i < -maxExact {
			return errDigits
		}
	case reflect.Uint, reflect.Uint64:
		if v.Uint() > maxExact {
			return errDigits
		}
	}
	return nil
}

func (w *watcher) lookBehind(v reflect.Value, s *shape, depth int) error {
	if v.IsNil() {
		return nil
	}
	if w.isNull(v) {
		return errNull
	}
	return w.look(v.Elem(), s.elem, depth)
}

// isNull reports a pointer to what is encoded as null.
func (w *watcher) isNull(v reflect.Value) bool {
	switch to := v.Elem(); to.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		if to.IsNil() {
			return true
		}
	}
	if !w.format.isText {
		at, ok := v.Interface().(*time.Time)
		return ok && at.IsZero()
	}
	if m, ok := v.Interface().(json.Marshaler); ok {
		raw, err := m.MarshalJSON()
		return err == nil && string(raw) == "null"
	}
	return false
}

func (w *watcher) lookThrough(v reflect.Value, s *shape, depth int) error {
	for each := v.MapRange(); each.Next(); {
		if err := w.look(each.Key(), s.key, depth); err != nil {
			return err
		}
		if err := w.look(each.Value(), s.elem, depth); err != nil {
			return err
		}
	}
	return nil
}

// lookInside looks at what an interface holds, whose type is known only now.
func (w *watcher) lookInside(v reflect.Value, depth int) error {
	if v.IsNil() {
		return nil
	}
	s := w.format.inInterface(v.Elem().Type())
	if s == nil {
		return errInside
	}
	return w.look(v.Elem(), s, depth)
}

// inInterface returns the shape of a type that was found in an interface, or
// nil if that cannot be stored.
func (f *format) inInterface(t reflect.Type) *shape {
	if known, ok := f.inside.Load(t); ok {
		return known.(*shape)
	}
	s := newSurvey(f)
	s.generic = true
	found, err := s.of(t, t.String())
	if err != nil || s.needsText || f.needsAddress(t) {
		found = nil
	}
	f.inside.Store(t, found)
	return found
}
