package fragment

import (
	"math"
	"reflect"
	"time"
)

// maxPartDepth bounds slices in slices, which may hold themselves.
const maxPartDepth = 16

// Part adds a part of any type that KeyOf takes. One that cannot be told apart
// makes the key invalid.
func (b *KeyBuilder) Part(v any) { b.part(v, 0) }

func (b *KeyBuilder) part(v any, depth int) {
	switch v := v.(type) {
	case nil:
		b.Nil()
	case string:
		b.String(v)
	case int:
		b.Int(int64(v))
	case int64:
		b.Int(v)
	case uint64:
		b.Uint(v)
	case bool:
		b.Bool(v)
	case float64:
		b.Float(v)
	case []byte:
		if v == nil {
			b.Nil()
			return
		}
		b.Bytes(v)
	case time.Time:
		b.Time(v)
	default:
		b.reflected(reflect.ValueOf(v), depth)
	}
}

type cacheKeyer interface{ CacheKey() string }

// reflected adds what the type switch does not know: other sizes, named types,
// pointers, slices and values with a CacheKey method.
func (b *KeyBuilder) reflected(v reflect.Value, depth int) {
	if b.problem != "" {
		return // a list that holds itself many times would be walked in as many ways
	}
	if depth > maxPartDepth {
		b.unfit(v, "is nested too deeply")
		return
	}
	if k, ok := v.Interface().(cacheKeyer); ok && !isNilPointer(v) {
		b.begin('k')
		b.sized(k.CacheKey())
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		b.Bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.Int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		b.Uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		b.Float(v.Float())
	case reflect.Complex64, reflect.Complex128:
		b.begin('c')
		b.number(math.Float64bits(real(v.Complex())))
		b.byte('.')
		b.number(math.Float64bits(imag(v.Complex())))
	case reflect.String:
		b.String(v.String())
	case reflect.Pointer:
		b.pointer(v, depth)
	case reflect.Slice, reflect.Array:
		b.list(v, depth)
	default:
		b.unfit(v, "cannot be told apart from its like")
	}
}

func (b *KeyBuilder) pointer(v reflect.Value, depth int) {
	if v.IsNil() {
		b.Nil()
		return
	}
	b.part(v.Elem().Interface(), depth+1)
}

// list adds a slice or array: its length, then its elements as parts.
func (b *KeyBuilder) list(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		b.Nil()
		return
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		b.Bytes(v.Bytes())
		return
	}
	at := b.count
	b.begin('l')
	b.number(uint64(v.Len()))
	for i := range v.Len() {
		b.count = at // messages count the parts the caller gave
		b.part(v.Index(i).Interface(), depth+1)
	}
	b.count = at + 1
}

func (b *KeyBuilder) unfit(v reflect.Value, why string) {
	b.fail("fragment: key %q: part %d, a %s (%s), %s: give its identifying fields instead, or the type a method CacheKey() string",
		b.name, b.count+1, v.Type(), v.Kind(), why)
}

func isNilPointer(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.IsNil()
}
