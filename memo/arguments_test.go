package memo_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestGoodKeys(t *testing.T) {
	c, _ := newCache(t)
	type page struct {
		User   base
		Words  []named
		At     *time.Time
		Sizes  [2]float32
		Filter struct{ A, B bool }
		_      int
	}
	for name, err := range map[string]error{
		"string": errOfKey[string](c), "named": errOfKey[named](c), "int8": errOfKey[int8](c), "uint": errOfKey[uint](c),
		"uintptr": errOfKey[uintptr](c), "bool": errOfKey[bool](c), "float": errOfKey[float64](c), "complex": errOfKey[complex64](c),
		"bytes": errOfKey[[]byte](c), "time": errOfKey[time.Time](c), "pointer": errOfKey[**int](c), "list": errOfKey[[][]string](c),
		"struct": errOfKey[page](c), "list of structs": errOfKey[[]base](c), "nothing": errOfKey[struct{}](c),
		"CacheKey": errOfKey[keyed](c), "CacheKey of the address": errOfKey[pkeyed](c), "pointer to that": errOfKey[*pkeyed](c),
		"interface with CacheKey": errOfKey[interface{ CacheKey() string }](c), "embedded alone": errOfKey[struct{ keyed }](c),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadKeys(t *testing.T) {
	c, _ := newCache(t)
	for name, bad := range map[string]struct {
		err  error
		want []string
	}{
		"map":        {errOfKey[map[string]int](c), []string{`loader "x"`, "map[string]int", "CacheKey() string"}},
		"func":       {errOfKey[struct{ F []func() }](c), []string{".F[]", "func()"}},
		"chan":       {errOfKey[chan int](c), []string{"chan int"}},
		"any":        {errOfKey[any](c), []string{"interface"}},
		"unexported": {errOfKey[struct{ A, b int }](c), []string{".b", "unexported", "export it"}},
		"recursive":  {errOfKey[chain](c), []string{".Next", "may hold itself"}},
		"addr":       {errOfKey[netip.Addr](c), []string{"netip.Addr.", "CacheKey() string"}},
		"promoted CacheKey": {errOfKey[struct {
			keyed
			Page int
		}](c), []string{"keyed", "CacheKey", "named field"}},
		"behind a pointer": {errOfKey[*struct {
			keyed
			Page int
		}](c), []string{"keyed", "CacheKey", "named field"}},
	} {
		if bad.err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range bad.want {
			if !strings.Contains(bad.err.Error(), want) {
				t.Errorf("%s: %q does not mention %q", name, bad.err, want)
			}
		}
	}
}
