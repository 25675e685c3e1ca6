package memo

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// A codec turns answers of one type into bytes and back.
type codec struct {
	encoding cbor.EncMode
	decoding cbor.DecMode
	typ      reflect.Type
	shape    *shape

	mostPerByte int64 // that the decoder can be made to allocate
}

// codecOf returns the codec for answers of type t.
func codecOf(t reflect.Type) (codec, error) {
	s := survey{shapes: map[reflect.Type]*shape{}}
	top, err := s.of(t, t.String())
	if s.needsText && err == nil {
		// Types that can be encoded as text only. Then those that could
		// be encoded otherwise too are text as well.
		s = survey{shapes: map[reflect.Type]*shape{}, text: true}
		top, err = s.of(t, t.String())
	}
	if err != nil {
		return codec{}, fmt.Errorf("the value cannot be stored: %w", err)
	}
	c := codec{encoding: plainEncoding, decoding: plainDecoding, typ: t, shape: top, mostPerByte: s.mostPerByte()}
	if s.text {
		c.encoding, c.decoding = textEncoding, textDecoding
	}
	return c, nil
}

var (
	plainEncoding = encodingMode(cbor.TextMarshalerNone)
	plainDecoding = decodingMode(cbor.TextUnmarshalerNone)
	textEncoding  = encodingMode(cbor.TextMarshalerTextString)
	textDecoding  = decodingMode(cbor.TextUnmarshalerTextString)
)

func encodingMode(text cbor.TextMarshalerMode) cbor.EncMode {
	return must(cbor.EncOptions{
		Sort:          cbor.SortNone,
		Time:          cbor.TimeRFC3339Nano,
		TimeTag:       cbor.EncTagRequired,
		TextMarshaler: text,
	}.EncMode())
}

// maxDepth is how deeply an answer may be nested; hostile bytes that are nested
// more deeply would cost stack.
const maxDepth = 32

func decodingMode(text cbor.TextUnmarshalerMode) cbor.DecMode {
	return must(cbor.DecOptions{
		MaxNestedLevels:  maxDepth,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 17,
		IndefLength:      cbor.IndefLengthForbidden,
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		UTF8:             cbor.UTF8DecodeInvalid,
		IntDec:           cbor.IntDecConvertSignedOrBigInt,
		DefaultMapType:   reflect.TypeFor[map[string]any](),
		TextUnmarshaler:  text,
	}.DecMode())
}

// must is for options that are the same in every program.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(err)
	}
	return mode
}

// encode returns the bytes of the answer that v points to, or why that cannot
// be stored.
func (c *codec) encode(v any) (raw []byte, err error) {
	defer caught(&err)
	if c.shape.watch {
		w := watcher{left: maxWatched}
		if err := w.look(reflect.ValueOf(v).Elem(), c.shape, 0); err != nil {
			return nil, err
		}
	}
	return c.encoding.Marshal(v)
}

// decode reads the answer in raw, whoever wrote that, into the zero value that
// v points to.
func (c *codec) decode(raw []byte, v any) (err error) {
	defer caught(&err)
	if err := c.check(raw); err != nil {
		return err
	}
	return c.decoding.Unmarshal(raw, v)
}

// caught makes an error of a panic, in a method by which a type encodes itself:
// without a cache that would not have been called.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = errPanic
	}
}

var errPanic = errors.New("a method that encodes it panicked")

// reason tells why an answer is not stored, without a word of what is in it:
// the text of others' errors may quote the value.
func (c *codec) reason(err error) string {
	var ours *unfaithful
	if errors.As(err, &ours) || err == errPanic {
		return fmt.Sprintf("memo: a %s cannot be stored: %v", c.typ, err)
	}
	return fmt.Sprintf("memo: a %s cannot be stored: the codec returned a %T", c.typ, err)
}
