package fragment_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A stored nil or empty value is an entry like any other.
func TestEmptyValueIsAHit(t *testing.T) {
	for name, value := range map[string][]byte{"nil": nil, "empty": {}} {
		c, k := fresh(t, fragment.Options{}), fragment.KeyOf("empty")
		fill := func(context.Context) ([]byte, error) { return value, nil }
		wantDo(t, c, k, fragment.Policy{}, fill, "")
		wantDo(t, c, k, fragment.Policy{}, give("filled again"), "")
		if got, ok, err := c.Get(t.Context(), k); !ok || len(got) != 0 || err != nil {
			t.Errorf("%s: Get = %q, %t, %v, want an empty hit", name, got, ok, err)
		}
		must(t, c.Set(t.Context(), k, value, fragment.Policy{}))
		if ok, err := c.Has(t.Context(), k); !ok || err != nil {
			t.Errorf("%s: Has = %t, %v after Set", name, ok, err)
		}
		many, err := c.GetMany(t.Context(), []fragment.Key{k})
		if got, ok := many[k]; !ok || len(got) != 0 || err != nil {
			t.Errorf("%s: GetMany = %v, %v", name, many, err)
		}
	}
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	c := fresh(t, fragment.Options{})
	for _, value := range []string{"x", "\x00\xff", "\xca\x01\x00\x00", strings.Repeat("long ", 100_000)} {
		k := fragment.KeyOf("v", value)
		wantDo(t, c, k, fragment.Policy{}, give(value), value)
		wantGet(t, c, k, value)
	}
}

// What the entry of a long name or of many tags holds beside its value does
// not harm the value.
func TestEntryWithMuchBesideItsValue(t *testing.T) {
	c := fresh(t, fragment.Options{})
	tags := make([]string, 2000)
	for i := range tags {
		tags[i] = strings.Repeat("t", 1+i%1024) + string(rune('a'+i%26)) + strings.Repeat("x", i/1024)
		tags[i] = tags[i][:min(len(tags[i]), 1024)]
	}
	for _, name := range []string{"n", strings.Repeat("n", 65_535), strings.Repeat("n", 70_000)} {
		k := fragment.KeyOf(name, "much")
		must(t, c.Set(t.Context(), k, []byte("v"), fragment.Policy{Tags: tags}))
		wantGet(t, c, k, "v")
		must(t, c.InvalidateTags(t.Context(), tags[1999]))
		wantGet(t, c, k, "-")
	}
}

func TestEntryHasABoundedNumberOfTags(t *testing.T) {
	var w watcher
	c, k := fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k")
	fill := func(ctx context.Context) ([]byte, error) {
		for i := range 65_536 {
			fragment.AddTags(ctx, "t"+strings.Repeat("0", 3)+string(rune(0x4e00+i%20_000))+string(rune('a'+i/20_000)))
		}
		return []byte("v"), nil
	}
	wantDo(t, c, k, fragment.Policy{}, fill, "v")
	wantGet(t, c, k, "-")
	if skips := w.events(fragment.EventSkip); len(skips) != 1 || !strings.Contains(skips[0].Reason, "tags") {
		t.Errorf("skips: %v, want one that speaks of tags", skips)
	}
}

// What fill returned, and what Set was given, may change afterwards.
func TestFillerReusesItsSlice(t *testing.T) {
	c, buf := fresh(t, fragment.Options{}), []byte("first")
	one, two := fragment.KeyOf("k", 1), fragment.KeyOf("k", 2)
	fill := func(context.Context) ([]byte, error) { return buf, nil }
	got, err := c.Do(t.Context(), one, fragment.Policy{}, fill)
	must(t, err)
	must(t, c.Set(t.Context(), two, buf, fragment.Policy{}))
	copy(buf, "-----")
	if string(got) != "first" {
		t.Errorf("what Do returned is now %q", got)
	}
	wantGet(t, c, one, "first")
	wantGet(t, c, two, "first")
}

// Nor do two callers who append to the value that they share write over each
// other.
func TestValueHasNoRoomBehindIt(t *testing.T) {
	c := fresh(t, fragment.Options{MaxValue: 5})
	for name, value := range map[string]string{"stored": "value", "too large": "a larger value"} {
		k := fragment.KeyOf(name)
		for _, how := range []string{"filled", "read"} {
			got, err := c.Do(t.Context(), k, fragment.Policy{}, give(value))
			if err != nil || string(got) != value || cap(got) != len(got) {
				t.Errorf("%s, %s: %q with a capacity of %d, %v", name, how, got, cap(got), err)
			}
		}
	}
}
