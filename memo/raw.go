package memo

import (
	"bytes"
	"errors"
	"reflect"
)

// isText reports a type whose values are strings and nothing else.
func isText(t reflect.Type) bool { return t.Kind() == reflect.String && isPlain(t) }

// isBytes is isText for []byte.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && isPlain(t)
}

// isPlain reports a type that does not encode itself. Text is not asked for: a
// string is its own.
func isPlain(t reflect.Type) bool {
	if isNative(t) {
		return false
	}
	for i := range cborFormat.encoders {
		e := &cborFormat.encoders[i]
		if p := reflect.PointerTo(t); p.Implements(e.marshaler) || p.Implements(e.unmarshaler) {
			return false
		}
	}
	return true
}

// rawText stores strings as they are.
type rawText[V any] struct{}

func (rawText[V]) Name() string { return "text" }

func (rawText[V]) Marshal(v V) ([]byte, error) {
	return []byte(reflect.ValueOf(&v).Elem().String()), nil
}

func (rawText[V]) Unmarshal(raw []byte, v *V) error {
	reflect.ValueOf(v).Elem().SetString(string(raw))
	return nil
}

// rawBytes stores bytes as they are, without a copy of its own, except nil and
// the few that begin as nil does.
type rawBytes[V any] struct{}

// nilBytes stands for nil. It goes also before bytes that begin with it, so that
// nothing else is taken for nil.
const nilBytes = "\x00nil\x00"

var errRaw = errors.New("bytes that begin as nil does, and are not of our making")

func (rawBytes[V]) Name() string { return "bytes" }

func (rawBytes[V]) Marshal(v V) ([]byte, error) {
	value := reflect.ValueOf(&v).Elem()
	raw := value.Bytes()
	if value.IsNil() || bytes.HasPrefix(raw, []byte(nilBytes)) {
		return append([]byte(nilBytes), raw...), nil
	}
	return raw, nil
}

// Unmarshal makes the one copy, which is the caller's to change.
func (rawBytes[V]) Unmarshal(raw []byte, v *V) error {
	rest, marked := bytes.CutPrefix(raw, []byte(nilBytes))
	switch {
	case marked && len(rest) == 0:
		return nil
	case marked && !bytes.HasPrefix(rest, []byte(nilBytes)):
		return errRaw
	}
	own := make([]byte, len(rest))
	copy(own, rest)
	reflect.ValueOf(v).Elem().SetBytes(own)
	return nil
}
