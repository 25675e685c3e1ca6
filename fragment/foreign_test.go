package fragment_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A Backend that others write to may hold anything under any key.
func TestSharedBackendCannotPassOffBytes(t *testing.T) {
	m := newMemory()
	c := open(t, m, fragment.Options{})
	alice, bob := fragment.KeyOf("user", "alice"), fragment.KeyOf("user", "bob")
	for k, value := range map[fragment.Key]string{alice: "the page of alice", bob: "the page of bob"} {
		wantErr(t, "Set", c.Set(t.Context(), k, []byte(value), fragment.Policy{Tags: []string{"users"}}), nil)
	}
	keys := m.keys()
	entries := map[string][]byte{keys[0]: m.entries[keys[0]], keys[1]: m.entries[keys[1]]}

	m.entries[keys[0]], m.entries[keys[1]] = entries[keys[1]], entries[keys[0]]
	wantGet(t, c, alice, "-")
	// Nor if their stamps went with them.
	own := [2]string{"!k|" + keys[0], "!k|" + keys[1]}
	m.entries[own[0]], m.entries[own[1]] = m.entries[own[1]], m.entries[own[0]]
	wantGet(t, c, alice, "-")
	wantGet(t, c, bob, "-")
	m.entries[own[0]], m.entries[own[1]] = m.entries[own[1]], m.entries[own[0]]
	wantGet(t, c, bob, "-")

	raw := entries[keys[0]]
	for bit := range len(raw) * 8 {
		damaged := bytes.Clone(raw)
		damaged[bit/8] ^= 1 << (bit % 8)
		m.entries[keys[0]] = damaged
		wantGet(t, c, bob, "-") // whose key is the first
	}
	m.entries[keys[0]] = slices.Clone(raw)
	wantGet(t, c, bob, "the page of bob")
}

func TestNullStoresNothingAndSaysSo(t *testing.T) {
	c := open(t, fragment.Null(), fragment.Options{})
	k := fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{}, give("value"), "value")
	wantErr(t, "Set", c.Set(t.Context(), k, []byte("value"), fragment.Policy{}), nil)
	if s := c.Stats(); s.Stores != 0 || s.Skips != 2 {
		t.Errorf("Stats tell of %d stores and %d skips, want 0 and 2", s.Stores, s.Skips)
	}
	for _, url := range []string{"null://host", "null:/path", "null:user:pw@host", "null://u:pw@h/p"} {
		if _, err := fragment.Open(t.Context(), url, fragment.Options{}); err == nil {
			t.Errorf("Open(%q) does not fail", url)
		}
	}
}
