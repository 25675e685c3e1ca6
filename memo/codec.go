package memo

import (
	"errors"
	"fmt"
	"reflect"
)

// A Codec turns answers of type V into bytes and back. Options.Codec takes
// JSON or one of your own, which may also have a method
//
//	Check() error
//
// that New asks once: what it returns is why answers of this type cannot be
// kept. A Codec must be safe for concurrent use. A panic of Marshal or Unmarshal
// is an error of it.
type Codec[V any] interface {
	// Name tells a Codec apart from others, and from what it was when it wrote
	// in another way, such as "protobuf 2". It is a part of each key: answers
	// that another Codec wrote are not found.
	Name() string

	// Marshal returns the bytes of v, or why v cannot be stored. It must not
	// change v. The bytes are only read, and no longer than the load takes.
	Marshal(v V) ([]byte, error)

	// Unmarshal reads into the zero value that v points to what Marshal
	// returned, or reports that it cannot. It must neither change nor keep raw,
	// and it must not take raw's word for anything: whoever can write to the
	// backend may have written that. What it allocates for it is not bounded by
	// anything else.
	Unmarshal(raw []byte, v *V) error
}

// codecOf returns own, or the codec for answers of type V by default.
func codecOf[V any](own Codec[V]) (Codec[V], error) {
	if own == nil {
		return standard[V]()
	}
	if own.Name() == "" {
		return nil, fmt.Errorf("Options.Codec, a %T, has no name: want a word that tells it apart from others", own)
	}
	if c, ok := own.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("the value cannot be stored: %w", err)
		}
	}
	return own, nil
}

// standard returns the codec where the options name none: bytes and text are
// stored as they are, all else as CBOR.
func standard[V any]() (Codec[V], error) {
	t := reflect.TypeFor[V]()
	switch {
	case isText(t):
		return rawText[V]{}, nil
	case isBytes(t):
		return rawBytes[V]{}, nil
	}
	plan, err := planCBOR(t)
	if err != nil {
		return nil, fmt.Errorf("the value cannot be stored: %w", err)
	}
	return cborCodec[V]{plan}, nil
}

// encode returns the bytes of v and a copy of v that was decoded from them:
// only what can be read again is stored.
func (f *Func[K, V]) encode(v V) (raw []byte, own *V, err error) {
	defer caught(&err)
	if raw, err = f.codec.Marshal(v); err != nil {
		return nil, nil, err
	}
	own = new(V)
	return raw, own, f.codec.Unmarshal(raw, own)
}

// decode reads the answer in raw, whoever wrote that, into the zero value that
// v points to.
func (f *Func[K, V]) decode(raw []byte, v *V) (err error) {
	if string(raw) == unstorable {
		return errUnstorable
	}
	defer caught(&err)
	return f.codec.Unmarshal(raw, v)
}

// caught makes an error of a panic, in a codec or in a method by which a type
// encodes itself: without a cache that would not have been called.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = errPanic
	}
}

var errPanic = errors.New("a method that encodes it panicked")

// reason tells why an answer of type t is not stored, without a word of what is
// in it: the text of others' errors may quote the value.
func reason(t reflect.Type, err error) error {
	var ours *unfaithful
	if errors.As(err, &ours) {
		err = ours
	} else if err != errPanic {
		err = fmt.Errorf("the codec returned a %T", err)
	}
	return fmt.Errorf("a %s cannot be stored: %w", t, err)
}
