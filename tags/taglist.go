package tags

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// tagList reads a value that names tags: words apart by commas or spaces, or a
// list of words. The label says which argument it is.
func tagList(label string, v any) ([]string, error) {
	list := reflect.ValueOf(v)
	for list.Kind() == reflect.Pointer {
		list = list.Elem()
	}
	var tags []string
	switch list.Kind() {
	case reflect.String:
		tags = strings.FieldsFunc(list.String(), func(r rune) bool {
			return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
		})
	case reflect.Slice, reflect.Array:
		for i := range list.Len() {
			tag := reflect.ValueOf(unwrap(list.Index(i).Interface()))
			if tag.Kind() != reflect.String {
				return nil, fmt.Errorf("%s holds a list with %T: want strings", label, list.Index(i).Interface())
			}
			tags = append(tags, tag.String())
		}
	default:
		return nil, fmt.Errorf("%s is %s: want a string such as \"users user:42\" or a list of strings", label, describe(v))
	}
	for _, tag := range tags {
		if err := fragment.CheckTag(tag); err != nil {
			return nil, fmt.Errorf("%s: %w", label, err)
		}
	}
	return tags, nil
}

// tags returns the tags that an operand names.
func (e *evaluation) tags(o *operand) (tags []string, err *pongo2.Error) {
	defer e.recovered(&err)
	v, err := e.evaluate(o)
	if err != nil {
		return nil, err
	}
	tags, wrong := tagList(o.label, unwrap(v.Interface()))
	if wrong != nil {
		return nil, e.failAt(o.tokens[0], wrong)
	}
	return tags, nil
}
