package memo

import (
	"fmt"
	"reflect"
)

// checkPromoted reports a struct that has a method only, or perhaps only,
// because it embeds a type that has it: the method speaks of that part, and
// what stands beside it would be forgotten.
func checkPromoted(t reflect.Type, path, method string, has reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields, from := 0, ""
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name != "_" {
			fields++
		}
		if f.Anonymous && (f.Type.Implements(has) || reflect.PointerTo(f.Type).Implements(has)) {
			from = f.Name
		}
	}
	if from == "" || fields == 1 {
		return nil
	}
	return fmt.Errorf("%s, a %s, embeds %s, whose method %s would stand for all of it: make %s a named field", path, t, from, method, from)
}
