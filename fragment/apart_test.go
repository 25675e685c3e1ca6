package fragment_test

import (
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// apart returns one of the caches that make makes in which no two of tags share
// a slot. Two of them may, which costs a miss and would confuse a test.
func apart(t testing.TB, make func() *fragment.Cache, tags ...string) *fragment.Cache {
	t.Helper()
	for range 100 {
		if c := make(); areApart(t, c, tags) {
			return c
		}
	}
	t.Fatalf("the tags %q meet again and again", tags)
	return nil
}

func areApart(t testing.TB, c *fragment.Cache, tags []string) bool {
	probe := fragment.Space("probe").Key("probe")
	defer c.Delete(t.Context(), probe)
	for i, a := range tags {
		for _, b := range tags[:i] {
			must(t, c.Set(t.Context(), probe, nil, fragment.Policy{Tags: []string{a}}))
			must(t, c.InvalidateTags(t.Context(), b))
			if there, err := c.Has(t.Context(), probe); !there || err != nil {
				return false
			}
		}
	}
	return true
}

// freshApart is fresh with tags apart.
func freshApart(t testing.TB, tags ...string) *fragment.Cache {
	t.Helper()
	return apart(t, func() *fragment.Cache { return fresh(t, fragment.Options{}) }, tags...)
}
