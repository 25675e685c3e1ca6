package memo

import (
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// cborCodec is what answers are stored by if they are not text or bytes.
type cborCodec[V any] struct{ *cborPlan }

func (cborCodec[V]) Name() string                       { return "cbor" }
func (c cborCodec[V]) Marshal(v V) ([]byte, error)      { return c.encode(&v) }
func (c cborCodec[V]) Unmarshal(raw []byte, v *V) error { return c.decode(raw, v) }

// A cborPlan is how answers of one type become CBOR. It is made once.
type cborPlan struct {
	encoding cbor.EncMode
	decoding cbor.DecMode
	surveyed
}

func planCBOR(t reflect.Type) (*cborPlan, error) {
	p := &cborPlan{encoding: plainEncoding, decoding: plainDecoding}
	s := newSurvey(cborFormat)
	found, err := s.all(t)
	if s.needsText && err == nil {
		p.encoding, p.decoding = textEncoding, textDecoding
		found, err = newSurvey(cborTextFormat).all(t)
	}
	p.surveyed = found
	return p, err
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
func (p *cborPlan) encode(v any) ([]byte, error) {
	if err := p.watch(v); err != nil {
		return nil, err
	}
	return p.encoding.Marshal(v)
}

// decode reads the answer in raw into the zero value that v points to.
func (p *cborPlan) decode(raw []byte, v any) error {
	if err := p.check(raw); err != nil {
		return err
	}
	return p.decoding.Unmarshal(raw, v)
}

// check reports bytes whose decoding would cost too much. Most cannot, by their
// number alone, and are not looked at.
func (p *cborPlan) check(raw []byte) error {
	if p.isSmall(raw) {
		return nil
	}
	if err := p.decoding.Wellformed(raw); err != nil {
		return err
	}
	t := tally{raw: raw, left: allowance(len(raw))}
	return t.item(p.shape)
}
