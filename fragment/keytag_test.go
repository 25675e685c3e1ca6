package fragment_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func keyTag(space fragment.Space, name string, parts ...any) string {
	var b fragment.KeyBuilder
	b.Start(space, name)
	for _, part := range parts {
		b.Part(part)
	}
	return b.Tag()
}

func TestKeyTagsTellPartsApart(t *testing.T) {
	seen := make(map[string]int)
	for i, tag := range []string{
		keyTag("tag", "a"), keyTag("memo", "a"), keyTag("tag", "b"), keyTag("tag", "a", nil), keyTag("tag", "a", ""), keyTag("tag", "a", 0),
		keyTag("tag", "a", "0"), keyTag("tag", "a", "b", "c"), keyTag("tag", "a", "bc"), keyTag("tag", strings.Repeat("long", 500)),
	} {
		if other, again := seen[tag]; again {
			t.Errorf("tag %d is that of %d: %s", i, other, tag)
		}
		seen[tag] = i
	}
}

func TestKeyTagIsValidAndTellsNothing(t *testing.T) {
	tag := keyTag("tag", "pass,word \x00", "ada@example.org", 42)
	if err := fragment.CheckTag(tag); err != nil || !strings.HasPrefix(tag, "!tag:") || len(tag) != 21 {
		t.Errorf("got %q, %v, want a valid tag of 21 bytes in the space", tag, err)
	}
	if tag != keyTag("tag", "pass,word \x00", "ada@example.org", uint8(42)) {
		t.Error("the same key gave another tag")
	}
	if got := keyTag("tag", "a", struct{}{}); got != "" {
		t.Errorf("got %q for a part that no key has, want none", got)
	}
	if got := keyTag("tag", ""); got != "" {
		t.Errorf("got %q without a name, want none", got)
	}
}
