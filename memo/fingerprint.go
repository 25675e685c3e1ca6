package memo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
)

// layout names how arguments and answers are written. What is stored in
// another way is not found.
const layout = "cbor 1"

// fingerprint tells types apart by their names and, all the way down, by what
// they are made of: kinds, fields, tags and the methods that encode them.
func fingerprint(types ...reflect.Type) string {
	d := description{seen: map[reflect.Type]int{}, text: []byte(layout)}
	for _, t := range types {
		d.add(t)
	}
	sum := sha256.Sum256(d.text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// A description is the text behind a fingerprint. A type that comes again, as
// in a list of itself, is described by the number it got the first time.
type description struct {
	seen map[reflect.Type]int
	text []byte
}

func (d *description) addf(format string, args ...any) {
	d.text = fmt.Appendf(d.text, format, args...)
}

func (d *description) add(t reflect.Type) {
	if n, ok := d.seen[t]; ok {
		d.addf(" @%d", n)
		return
	}
	d.seen[t] = len(d.seen)
	d.addf(" %q.%q:%s", t.PkgPath(), t.Name(), t.Kind())
	for _, m := range encoders {
		if t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(m.marshaler) {
			d.addf("+%s", m.name)
		}
	}
	if isNative(t) {
		return // what it is made of is its package's own affair
	}
	d.addParts(t)
}

func (d *description) addParts(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		d.add(t.Elem())
	case reflect.Array:
		d.addf(" %d", t.Len())
		d.add(t.Elem())
	case reflect.Map:
		d.add(t.Key())
		d.add(t.Elem())
	case reflect.Struct:
		d.addf(" %d{", t.NumField())
		for i := range t.NumField() {
			f := t.Field(i)
			d.addf(" %q %t %q %q", f.Name, f.Anonymous, f.Tag.Get("cbor"), f.Tag.Get("json"))
			d.add(f.Type)
		}
		d.addf("}")
	}
}
