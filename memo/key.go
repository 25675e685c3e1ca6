package memo

import (
	"reflect"
	"unsafe"

	"github.com/pongocache/pongocache/fragment"
)

// space is where the keys of loaders are: they meet no others.
const space = fragment.Space("memo")

// A keyPlan says how the arguments of a loader become parts of a key. It is
// made once, for the type K.
type keyPlan struct {
	print string // the fingerprint of K and V
	part  part
}

// keyOf returns the key for the argument k. The commonest arguments take no
// reflection: the kind of part tells what a K is underneath its name, so that
// its bytes may be read as that.
func keyOf[K any](p *keyPlan, name string, k K) fragment.Key {
	var b fragment.KeyBuilder
	b.Start(space, name)
	b.String(p.print)
	at := unsafe.Pointer(&k)
	switch p.part.plain {
	case reflect.String:
		b.String(*(*string)(at))
	case reflect.Int:
		b.Int(int64(*(*int)(at)))
	case reflect.Int8:
		b.Int(int64(*(*int8)(at)))
	case reflect.Int16:
		b.Int(int64(*(*int16)(at)))
	case reflect.Int32:
		b.Int(int64(*(*int32)(at)))
	case reflect.Int64:
		b.Int(*(*int64)(at))
	case reflect.Uint:
		b.Uint(uint64(*(*uint)(at)))
	case reflect.Uint8:
		b.Uint(uint64(*(*uint8)(at)))
	case reflect.Uint16:
		b.Uint(uint64(*(*uint16)(at)))
	case reflect.Uint32:
		b.Uint(uint64(*(*uint32)(at)))
	case reflect.Uint64:
		b.Uint(*(*uint64)(at))
	default:
		boxed := k // the only K that leaves the stack
		p.part.add(&b, reflect.ValueOf(&boxed).Elem())
	}
	return b.Key()
}
