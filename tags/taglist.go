package tags

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

// tagList reads the value of tags=: words apart by commas or spaces, or a list
// of words.
func tagList(v any) ([]string, error) {
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
				return nil, fmt.Errorf("tags= holds a list with %T: want strings", list.Index(i).Interface())
			}
			tags = append(tags, tag.String())
		}
	default:
		return nil, fmt.Errorf("tags= is %s: want a string such as \"users user:42\" or a list of strings", describe(v))
	}
	for _, tag := range tags {
		if err := fragment.CheckTag(tag); err != nil {
			return nil, fmt.Errorf("tags=: %w", err)
		}
	}
	return tags, nil
}
