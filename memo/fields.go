package memo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// structure surveys a struct. One that cannot be encoded field by field is
// encoded as text, if it can.
func (s *survey) structure(t reflect.Type, path string, found *shape) error {
	err := s.eachField(t, path, found)
	if err == nil {
		err = flatten(t, path, map[string]string{}, nil)
	}
	if err == nil {
		found.named, found.numbered = map[string]member{}, map[int64]member{}
		s.addMembers(found, t, 0)
		return nil
	}
	if own, half := textEncoder.encodesBy(t, path); own && half == nil {
		s.needsText = true
		return nil
	}
	return err
}

func (s *survey) eachField(t reflect.Type, path string, found *shape) error {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		path := path + "." + f.Name
		if err := s.checkField(f, path); err != nil {
			return err
		}
		inner, err := s.of(f.Type, path)
		if err != nil {
			return err
		}
		if inner.watch {
			found.watch = true
			found.fields = append(found.fields, shapeField{i, inner})
		}
	}
	return nil
}

// checkField reports a field that the codec would leave out without a word.
func (s *survey) checkField(f reflect.StructField, path string) error {
	if isFlattened(f) {
		own, err := s.encodesItself(elemOf(f.Type), path)
		if err == nil && own {
			err = fmt.Errorf("%s is embedded and would be lost: make it a named field", path)
		}
		return err
	}
	tag, key := codecTag(f)
	switch {
	case !f.IsExported():
		return fmt.Errorf("%s is an unexported field and would be lost: export it, let the loader return a type without it, or give its struct the methods MarshalBinary and UnmarshalBinary", path)
	case tag == "-" && key == "cbor":
		return fmt.Errorf(`%s has the tag cbor:"-" and would be lost: remove the tag, or let the loader return a type without the field`, path)
	case tag == "-":
		return fmt.Errorf(`%s has the tag json:"-" and would be lost: add the tag cbor:%q, or let the loader return a type without the field`, path, f.Name)
	}
	return nil
}

// codecTag returns the tag of a field that the codec heeds, and its key. The
// tag "-" leaves the field out.
func codecTag(f reflect.StructField) (tag, key string) {
	if tag = f.Tag.Get("cbor"); tag != "" {
		return tag, "cbor"
	}
	return f.Tag.Get("json"), "json"
}

// isFlattened reports an embedded struct, whose fields the codec takes for those
// of the struct around it.
func isFlattened(f reflect.StructField) bool {
	tag, _ := codecTag(f)
	name, _, _ := strings.Cut(tag, ",")
	if !f.Anonymous || name != "" || elemOf(f.Type).Kind() != reflect.Struct {
		return false
	}
	return f.IsExported() || f.Type.Kind() == reflect.Struct
}

func elemOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// flatten notes in taken, by name, the paths of the fields of t. Two of one name
// are an error: the codec drops both, or the inner one.
func flatten(t reflect.Type, path string, taken map[string]string, around []reflect.Type) error {
	if slices.Contains(around, t) {
		return fmt.Errorf("%s embeds itself: make it a named field", path)
	}
	around = append(around, t)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		path := path + "." + f.Name
		if isFlattened(f) {
			if err := flatten(elemOf(f.Type), path, taken, around); err != nil {
				return err
			}
			continue
		}
		name := storedName(f)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s and %s have one name and would be lost: give one of them a tag such as cbor:%q", other, path, f.Name+"2")
		}
		taken[name] = path
	}
	return nil
}

// storedName is what tells a field apart where it is stored.
func storedName(f reflect.StructField) string {
	tag, _ := codecTag(f)
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	if slices.Contains(strings.Split(options, ","), "keyasint") {
		return "int " + name
	}
	return "text " + name
}
