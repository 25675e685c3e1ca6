package memo

import (
	"fmt"
	"reflect"
	"slices"
)

// structure surveys a struct. One that cannot be encoded field by field is
// encoded as text, if it can.
func (s *survey) structure(t reflect.Type, path string, found *shape) error {
	err := s.eachField(t, path, found)
	if err == nil {
		err = s.format.flatten(t, path, map[string]string{}, nil)
	}
	if err == nil {
		found.named, found.numbered = map[string]member{}, map[int64]member{}
		s.addMembers(found, t, 0)
		return nil
	}
	if own, half := encodesText.encodesBy(t, path); own && half == nil {
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
	if s.format.isFlattened(f) {
		own, err := s.encodesItself(elemOf(f.Type), path)
		if err == nil && own {
			err = fmt.Errorf("%s is embedded and would be lost: make it a named field", path)
		}
		return err
	}
	tag, key := s.format.tagOf(f)
	switch {
	case !f.IsExported():
		return fmt.Errorf("%s is an unexported field and would be lost: export it, let the loader return a type without it, or give its struct the methods Marshal%s and Unmarshal%[2]s", path, s.format.remedy())
	case tag == "-" && key == s.format.tags[0]:
		return fmt.Errorf(`%s has the tag %s:"-" and would be lost: remove the tag, or let the loader return a type without the field`, path, key)
	case tag == "-":
		return fmt.Errorf(`%s has the tag json:"-" and would be lost: add the tag cbor:%q, or let the loader return a type without the field`, path, f.Name)
	}
	return nil
}

func elemOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// flatten notes in taken, by name, the paths of the fields of t. Two of one name
// are an error: the codec drops both, or the inner one.
func (f *format) flatten(t reflect.Type, path string, taken map[string]string, around []reflect.Type) error {
	if slices.Contains(around, t) {
		return fmt.Errorf("%s embeds itself: make it a named field", path)
	}
	around = append(around, t)
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Name == "_" {
			continue
		}
		path := path + "." + field.Name
		if f.isFlattened(field) {
			if err := f.flatten(elemOf(field.Type), path, taken, around); err != nil {
				return err
			}
			continue
		}
		name := f.storedName(field)
		if other := taken[name]; other != "" {
			return fmt.Errorf("%s and %s have one name and would be lost: give one of them a tag such as %s:%q", other, path, f.tags[0], field.Name+"2")
		}
		taken[name] = path
	}
	return nil
}
