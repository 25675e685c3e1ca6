package memo

import (
	"reflect"
	"sync"
	"time"
)

// A watcher looks at those parts of a value that its shape says may be of a
// kind that the codec changes without a word, or that would keep it busy for
// ever: before there are bytes.
type watcher struct{ left int }

const (
	// maxWatched is how many parts it looks at. Where pointers share what
	// they point to, there may be no end of them.
	maxWatched = 1 << 20
	// maxSteps is how deep it follows, pointers included, which the codec's
	// own limit does not count.
	maxSteps = 4 * maxDepth
)

// unfaithful is why a value would not come back as it is.
type unfaithful struct{ why string }

func (e *unfaithful) Error() string { return e.why }

var (
	errDeep   = &unfaithful{"it refers to itself, or is nested too deeply"}
	errMany   = &unfaithful{"it has too many parts"}
	errOffset = &unfaithful{"the zone of a time in it is off UTC by seconds: use UTC"}
	errNull   = &unfaithful{"a pointer in it points to a nil or to the zero time: use nil"}
	errInside = &unfaithful{"an interface in it holds what cannot be stored"}
)

// look looks at v, which has the shape s.
func (w *watcher) look(v reflect.Value, s *shape, depth int) error {
	if !s.watch {
		return nil
	}
	if w.left--; w.left < 0 {
		return errMany
	}
	if depth > maxSteps {
		return errDeep
	}
	depth++
	switch s.kind {
	case reflect.Invalid:
		return lookAtTime(v)
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

func lookAtTime(v reflect.Value) error {
	if _, offset := v.Interface().(time.Time).Zone(); offset%60 != 0 {
		return errOffset
	}
	return nil
}

func (w *watcher) lookBehind(v reflect.Value, s *shape, depth int) error {
	if v.IsNil() {
		return nil
	}
	switch to := v.Elem(); to.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		if to.IsNil() {
			return errNull
		}
	case reflect.Struct:
		if t, ok := v.Interface().(*time.Time); ok && t.IsZero() {
			return errNull
		}
	}
	return w.look(v.Elem(), s.elem, depth)
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
	s, ok := inInterface(v.Elem().Type())
	if !ok {
		return errInside
	}
	return w.look(v.Elem(), s, depth)
}

// surveyed holds the shapes of types that were found in interfaces, nil for
// those that cannot be stored.
var surveyed sync.Map // reflect.Type → *shape

func inInterface(t reflect.Type) (*shape, bool) {
	if known, ok := surveyed.Load(t); ok {
		s := known.(*shape)
		return s, s != nil
	}
	s := survey{shapes: map[reflect.Type]*shape{}}
	found, err := s.of(t, t.String())
	if err != nil || s.needsText {
		found = nil
	}
	surveyed.Store(t, found)
	return found, found != nil
}
