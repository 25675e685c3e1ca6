package fragment

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"
)

// HoleArg returns v as a HoleFunc gets it, now or from what was stored, or an error
// if v cannot be stored. That are the values that KeyOf takes, reduced to nil, bool,
// int, uint64, float64, string, []byte, time.Time in UTC without a monotonic clock,
// and []any of these; a value with a method CacheKey is what that returns.
func HoleArg(v any) (any, error) { return holeArg(v, 0) }

func holeArg(v any, depth int) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, uint64, float64, string:
		return v, nil
	case time.Time:
		return time.Unix(v.Unix(), int64(v.Nanosecond())).UTC(), nil
	case cacheKeyer:
		if r := reflect.ValueOf(v); !isNilPointer(r) {
			return v.CacheKey(), nil
		}
		return nil, nil
	}
	if depth > maxPartDepth {
		return nil, fmt.Errorf("fragment: a %T is nested too deeply for an argument of a hole", v)
	}
	return reflectedArg(reflect.ValueOf(v), depth)
}

// reflectedArg is holeArg for what the type switch does not know.
func reflectedArg(r reflect.Value, depth int) (any, error) {
	switch {
	case r.Kind() == reflect.Bool:
		return r.Bool(), nil
	case r.CanInt():
		return int(r.Int()), nil
	case r.CanUint():
		return r.Uint(), nil
	case r.CanFloat():
		return r.Float(), nil
	case r.Kind() == reflect.String:
		return r.String(), nil
	case isNilPointer(r):
		return nil, nil
	case r.Kind() == reflect.Pointer:
		return holeArg(r.Elem().Interface(), depth+1)
	case r.Kind() == reflect.Slice, r.Kind() == reflect.Array:
		return holeList(r, depth)
	}
	return nil, fmt.Errorf("fragment: a %s cannot be an argument of a hole: give its fields one by one, or the type a method CacheKey() string", r.Type())
}

// maxHoleList bounds lists in lists, which may hold one list many times.
const maxHoleList = 1 << 10

func holeList(r reflect.Value, depth int) (any, error) {
	if r.Kind() == reflect.Slice && r.IsNil() {
		return nil, nil
	}
	if r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
		return append([]byte{}, r.Bytes()...), nil
	}
	if r.Len() > maxHoleList || depth > 1 {
		return nil, fmt.Errorf("fragment: a %s is too long or too deep for an argument of a hole: it may be a list of up to %d values, or of such lists", r.Type(), maxHoleList)
	}
	list := make([]any, r.Len())
	for i := range list {
		var err error
		if list[i], err = holeArg(r.Index(i).Interface(), depth+1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// A stored argument is a letter for its type, and:
//
//	0 nil · f false · t true
//	i int and d float64: 8 · u uint64: uvarint · s string and b []byte: length, bytes
//	T time: seconds 8, nanoseconds 4 · l list: number of values, values
func appendHoleArg(dst []byte, v any) []byte {
	le := binary.LittleEndian
	switch v := v.(type) {
	case bool:
		if v {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case int:
		return le.AppendUint64(append(dst, 'i'), uint64(v))
	case uint64:
		return binary.AppendUvarint(append(dst, 'u'), v)
	case float64:
		return le.AppendUint64(append(dst, 'd'), math.Float64bits(v))
	case string:
		return appendText(append(dst, 's'), v)
	case []byte:
		return appendText(append(dst, 'b'), string(v))
	case time.Time:
		dst = le.AppendUint64(append(dst, 'T'), uint64(v.Unix()))
		return le.AppendUint32(dst, uint32(v.Nanosecond()))
	case []any:
		dst = binary.AppendUvarint(append(dst, 'l'), uint64(len(v)))
		for _, one := range v {
			dst = appendHoleArg(dst, one)
		}
		return dst
	}
	return append(dst, '0')
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}
