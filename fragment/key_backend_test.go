package fragment_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A seer tells under which key a Backend is given an entry.
type seer struct {
	caches map[string]*fragment.Cache // by prefix
	seen   string
}

func newSeer() *seer { return &seer{caches: make(map[string]*fragment.Cache)} }

func (s *seer) see(t testing.TB, prefix string, k fragment.Key) string {
	t.Helper()
	c := s.caches[prefix]
	if c == nil {
		note := func(_ context.Context, key string) error {
			if !isStamp(key) {
				s.seen = key
			}
			return nil
		}
		c, _ = fragment.New(&meddler{Backend: newMemory(), set: note}, fragment.Options{Prefix: prefix})
		s.caches[prefix] = c
	}
	must(t, c.Set(t.Context(), k, nil, fragment.Policy{}))
	return s.seen
}

// wantSafe tests what a Backend is promised of its keys.
func wantSafe(t testing.TB, key string) {
	t.Helper()
	if len(key) < 1 || len(key) > 200 {
		t.Errorf("a backend key has %d bytes, want 1 to 200: %q", len(key), key)
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			t.Errorf("a backend key is not printable: %q", key)
			return
		}
	}
}

var longestPrefix = strings.Repeat("p", 64)

func TestBackendSeesSafeKeys(t *testing.T) {
	backend, long := newSeer(), strings.Repeat("x", 70_000)
	for _, prefix := range []string{"", "app:v1", longestPrefix} {
		for _, name := range append(words, long) {
			if name == "" {
				continue
			}
			for _, k := range []fragment.Key{
				fragment.KeyOf(name), fragment.KeyOf(name, long), fragment.KeyOf(name, name, 1),
				fragment.KeyOf(name, []byte(name)), fragment.Space("tag").Key(name, "é"),
				fragment.Space(strings.Repeat("s", 300)).Key(name),
			} {
				wantSafe(t, backend.see(t, prefix, k))
			}
		}
	}
}

// Every length round the limits of the readable form and of the room that a
// builder has on the stack.
func TestKeysOfEveryLengthDiffer(t *testing.T) {
	backend, seen := newSeer(), make(map[string]int)
	for n := range 400 {
		key := backend.see(t, longestPrefix, fragment.KeyOf("n", strings.Repeat("x", n)))
		wantSafe(t, key)
		if other, taken := seen[key]; taken {
			t.Errorf("%d and %d bytes have the backend key %q", n, other, key)
		}
		seen[key] = n
	}
}

func TestShortKeyStaysReadable(t *testing.T) {
	backend := newSeer()
	for _, row := range []struct {
		k    fragment.Key
		want string
	}{
		{fragment.KeyOf("users"), "app~users"},
		{fragment.KeyOf("users", 42, "de"), "app~users|i42|s2.de"},
		{fragment.Space("tag").Key("users", nil, true), "app~tag!users|n|t"},
	} {
		if got := backend.see(t, "app", row.k); got != row.want {
			t.Errorf("the backend sees %q, want %q", got, row.want)
		}
	}
	long := backend.see(t, "app", fragment.KeyOf("users", strings.Repeat("x", 1000)))
	if !strings.HasPrefix(long, "app~users#") {
		t.Errorf("the backend sees %q, want its prefix and name", long)
	}
}

func TestSpacesNeverMeet(t *testing.T) {
	spaces := []fragment.Space{"", "tag", "page", "memo", "t"}
	for _, name := range words[1:] {
		seen := make(map[fragment.Key]fragment.Space)
		for _, space := range spaces {
			k := space.Key(name, 1)
			if other, taken := seen[k]; taken {
				t.Errorf("%q is the same key in the spaces %q and %q", name, space, other)
			}
			seen[k] = space
		}
	}
}

var prefixes = []string{"", "a", "ab", "p", "tag", "n", "a:b", "a/", "1.a", "s1.a", longestPrefix, strings.Repeat("a", 49)}

// wantApart tests that two caches on one Backend use the same key there if and
// only if their prefixes and the key are the same.
func (s *seer) wantApart(t *testing.T, a, b []byte) {
	t.Helper()
	da, db := dice{a}, dice{b}
	prefixA, prefixB := prefixes[da.throw(len(prefixes))], prefixes[db.throw(len(prefixes))]
	keyA, keyB := da.space().Key(da.name(), da.parts(1)...), db.space().Key(db.name(), db.parts(1)...)
	textA, textB := s.see(t, prefixA, keyA), s.see(t, prefixB, keyB)
	wantSafe(t, textA)
	if want := prefixA == prefixB && keyA == keyB; (textA == textB) != want {
		t.Fatalf("prefix %q: %q\nprefix %q: %q\nthe same: %t, want %t", prefixA, textA, prefixB, textB, !want, want)
	}
}

func FuzzPrefixesNeverMeet(f *testing.F) {
	f.Add([]byte{0, 0, 24}, []byte{3, 0, 1})
	f.Add([]byte{4, 0, 1}, []byte{0, 1, 1})
	f.Add([]byte{1, 0, 26}, []byte{0, 3, 26})
	f.Fuzz(newSeer().wantApart)
}

func TestPrefixesNeverMeet(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	backend := newSeer()
	for range 10_000 {
		a, b := make([]byte, 8), make([]byte, 8)
		for i := range a {
			a[i] = byte(r.Uint32())
			b[i] = byte(r.Uint32())
		}
		b[1+r.IntN(7)] = a[1+r.IntN(7)]
		backend.wantApart(t, a, b)
	}
}

// Two caches on one Backend do not see each other's entries, and do not clear
// them.
func TestCachesShareABackend(t *testing.T) {
	m, k := newMemory(), fragment.KeyOf("k")
	one := open(t, m, fragment.Options{Prefix: "one"})
	two := apart(t, func() *fragment.Cache { return open(t, m, fragment.Options{Prefix: "two"}) }, "t", "other")
	none := open(t, m, fragment.Options{})
	for value, c := range map[string]*fragment.Cache{"1": one, "2": two, "0": none} {
		must(t, c.Set(t.Context(), k, []byte(value), fragment.Policy{Tags: []string{"t"}}))
	}
	must(t, one.Clear(t.Context()))
	must(t, two.InvalidateTags(t.Context(), "other"))
	wantGet(t, one, k, "-")
	wantGet(t, two, k, "2")
	must(t, none.Delete(t.Context(), k))
	wantGet(t, two, k, "2")
	wantGet(t, none, k, "-")
}
