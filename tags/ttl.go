package tags

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A lifetime is what the first argument of a template tag says.
type lifetime struct {
	ttl time.Duration // as in fragment.Policy: 0 is the default of the cache
	del bool          // delete the entry and render without the cache
}

const ttlForms = `300, 1.5, 5m, 1h30m, 7d, "1.5h", default, forever or "del"`

// lifetimeOfWord reads default, forever and del.
func lifetimeOfWord(word string) (l lifetime, ok bool) {
	switch word {
	case "default":
		return lifetime{}, true
	case "forever":
		return lifetime{ttl: fragment.Forever}, true
	case "del":
		return lifetime{del: true}, true
	}
	return lifetime{}, false
}

// isWordOfTTL reports whether a name to pongo2 is a word that a TTL may be: 5m,
// default or forever.
func isWordOfTTL(name string) bool {
	return name[0] >= '0' && name[0] <= '9' || name == "default" || name == "forever"
}

// lifetimeOfText reads a word or a duration.
func lifetimeOfText(text string) (lifetime, error) {
	if l, ok := lifetimeOfWord(text); ok {
		return l, nil
	}
	if text != "" && strings.Trim(text, numeric) == "" {
		return lifetime{}, fmt.Errorf("the TTL %q is a string: write a number of seconds without quotes, or a duration with its unit such as %q", text, text+"s")
	}
	d, err := fragment.ParseDuration(text)
	if err != nil {
		return lifetime{}, fmt.Errorf("%w: a TTL is one of %s", err, ttlForms)
	}
	return lifetimeOf(d, text)
}

func lifetimeOfSeconds(seconds float64) (lifetime, error) {
	text := strconv.FormatFloat(seconds, 'g', -1, 64)
	switch {
	case math.IsNaN(seconds) || math.IsInf(seconds, 0):
		return lifetime{}, fmt.Errorf("a TTL of %s is no number of seconds: write forever for an entry that does not expire, or use if= to cache under a condition", text)
	case seconds >= math.MaxInt64/float64(time.Second):
		return lifetime{}, fmt.Errorf("a TTL of %s seconds is over 292 years: pass a time.Duration as it is, or write forever", text)
	}
	// Rounded up, so that a number above zero never becomes zero.
	return lifetimeOf(time.Duration(math.Ceil(seconds*float64(time.Second))), text)
}

func lifetimeOf(d time.Duration, text string) (lifetime, error) {
	if d <= 0 {
		return lifetime{}, fmt.Errorf("a TTL of %s is not above zero: write forever for an entry that does not expire, or use if= to cache under a condition", text)
	}
	return lifetime{ttl: d}, nil
}

// lifetimeOfValue reads what an expression gave.
func lifetimeOfValue(v any) (lifetime, error) {
	if d, ok := v.(time.Duration); ok {
		return lifetimeOf(d, d.String())
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if !r.IsNil() {
			return lifetimeOfValue(r.Elem().Interface())
		}
	case reflect.String:
		return lifetimeOfText(r.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return lifetimeOfSeconds(float64(r.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return lifetimeOfSeconds(float64(r.Uint()))
	case reflect.Float32, reflect.Float64:
		return lifetimeOfSeconds(r.Float())
	}
	return lifetime{}, fmt.Errorf("the TTL is %s: want a number of seconds, a time.Duration or one of %s; forever does not expire, and if= caches under a condition", describe(v), ttlForms)
}

const numeric = "0123456789."
