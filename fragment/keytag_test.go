package fragment_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func TestTagOfAKeyStandsForItAlone(t *testing.T) {
	seen := make(map[string]fragment.Key)
	for _, k := range []fragment.Key{
		fragment.KeyOf("a"), fragment.KeyOf("b"), fragment.KeyOf("a", 1), fragment.KeyOf("a", "1"), fragment.KeyOf("a", nil),
		fragment.Space("tag").Key("a"), fragment.KeyOf("a", strings.Repeat("x", 500)),
	} {
		tag := k.Tag()
		if err := fragment.CheckTag(tag); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		if other, ok := seen[tag]; ok {
			t.Errorf("the keys %v and %v have one tag", k, other)
		}
		seen[tag] = k
	}
	if one, two := fragment.KeyOf("a", int8(1)).Tag(), fragment.KeyOf("a", uint64(1)).Tag(); one != two {
		t.Errorf("got %q and %q, want one tag for one key", one, two)
	}
	if tag := fragment.KeyOf("ada@example.org").Tag(); strings.Contains(tag, "ada") {
		t.Errorf("got %q, which tells the key", tag)
	}
	if tag := fragment.KeyOf("a", struct{}{}).Tag(); tag != "" {
		t.Errorf("got %q for an invalid key, want none", tag)
	}
}
