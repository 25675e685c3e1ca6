package memo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
)

// layout names how keys are made. What was stored in another way is not found.
const layout = "memo 1"

// fingerprint tells loaders apart by their codec and the types of argument and
// answer: by names and, all the way down, by what they are made of: kinds,
// fields, tags and the methods that encode them.
func fingerprint(codec string, argument, answer reflect.Type) string {
	d := description{text: fmt.Appendf(nil, "%s %q", layout, codec)}
	d.begin(isIgnored)
	d.add(argument)
	d.begin(func(reflect.StructField) bool { return false })
	d.add(answer)
	sum := sha256.Sum256(d.text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// A description is the text behind a fingerprint. A type that comes again, as
// in a list of itself, is described by the number it got the first time.
type description struct {
	text    []byte
	seen    map[reflect.Type]int
	ignores func(reflect.StructField) bool
}

func (d *description) begin(ignores func(reflect.StructField) bool) {
	d.seen, d.ignores = map[reflect.Type]int{}, ignores
	d.addf(";")
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
	for _, e := range encoders {
		if t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(e.marshaler) {
			d.addf("+%s", e.name)
		}
	}
	if !isNative(t) { // what those are made of is their packages' own affair
		d.addParts(t)
	}
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
		d.addf(" {")
		for i := range t.NumField() {
			if f := t.Field(i); !d.ignores(f) {
				d.addf(" %q %t %q", f.Name, f.Anonymous, f.Tag)
				d.add(f.Type)
			}
		}
		d.addf("}")
	}
}
