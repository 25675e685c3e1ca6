package memo

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// An encoder is a pair of methods by which a type encodes itself.
type encoder struct {
	name                   string
	marshaler, unmarshaler reflect.Type
}

var (
	encodesCBOR   = encoder{"CBOR", reflect.TypeFor[cbor.Marshaler](), reflect.TypeFor[cbor.Unmarshaler]()}
	encodesBinary = encoder{"Binary", reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler]()}
	encodesJSON   = encoder{"JSON", reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler]()}
	encodesText   = encoder{"Text", reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}

	encoders = [...]encoder{encodesCBOR, encodesBinary, encodesJSON, encodesText}
)

// isNative reports a type that CBOR knows by itself.
func isNative(t reflect.Type) bool {
	switch t {
	case typeTime, reflect.TypeFor[big.Int](), reflect.TypeFor[cbor.Tag](), reflect.TypeFor[cbor.RawTag](),
		reflect.TypeFor[cbor.RawMessage](), reflect.TypeFor[cbor.ByteString](), reflect.TypeFor[cbor.SimpleValue]():
		return true
	}
	return false
}

// encodesBy reports whether values of t are encoded by e. Half a pair is an
// error: what one half wrote nobody could read.
func (e *encoder) encodesBy(t reflect.Type, path string) (bool, error) {
	p := reflect.PointerTo(t)
	marshals, unmarshals := p.Implements(e.marshaler), p.Implements(e.unmarshaler)
	switch {
	case !marshals && !unmarshals:
		return false, nil
	case !marshals:
		return false, fmt.Errorf("%s, a %s, has Unmarshal%s and no Marshal%[3]s: give it both", path, t, e.name)
	case !unmarshals:
		return false, fmt.Errorf("%s, a %s, has Marshal%s and no Unmarshal%[3]s: give it both", path, t, e.name)
	}
	return true, checkPromoted(t, path, "Marshal"+e.name, e.marshaler)
}
