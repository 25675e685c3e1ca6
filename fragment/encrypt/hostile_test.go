package encrypt_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/encrypt"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// Whatever others put under a key of ours is a miss and a fault, and the page is
// filled anew.
func TestWhatIsNotGenuineIsFilledAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		var seen fragmenttest.Recorder
		cache := openCache(t, b, fragment.Options{Prefix: "shop", Observe: seen.Observe}, keyOf(1))
		p := fragment.Policy{TTL: time.Hour, Tags: []string{"tag"}}
		wantDo(t, cache, home, p, secretWord, secretWord)
		wantDo(t, cache, menu, p, secretPage, secretPage)
		whole, _ := s.Raw("shop~home")
		other, _ := s.Raw("shop~menu")
		flipped := bytes.Clone(whole)
		flipped[len(flipped)-20] ^= 1
		for name, held := range map[string][]byte{
			"nothing":                         {},
			"a byte":                          whole[:1],
			"half":                            whole[:len(whole)/2],
			"all but a byte":                  whole[:len(whole)-1],
			"a byte more":                     append(bytes.Clone(whole), 0),
			"a bit flipped":                   flipped,
			"twice":                           bytes.Repeat(whole, 2),
			"text":                            []byte(`{"user":42,"rights":["read","write"]}`),
			"zeros":                           make([]byte, 1000),
			"the entry of another key":        other,
			"the entry of another cache":      heldBy(t, "blog", keyOf(1), "blog~home"),
			"the entry of another secret":     heldBy(t, "shop", keyOf(2), "shop~home"),
			"an entry that was not encrypted": heldBy(t, "shop", nil, "shop~home"),
			"what is sealed and no entry":     seal(t, newTransform(t, keyOf(1)), "shop~home", []byte("\xc0no entry")),
			"what is sealed and no text":      seal(t, newTransform(t, keyOf(1)), "shop~home", []byte("\xc1no frame")),
		} {
			seen.Reset()
			s.Put("shop~home", held)
			wantGet(t, cache, home, "-")
			wantDo(t, cache, home, p, name, name)
			wantDo(t, cache, menu, p, "not run", secretPage)
			if seen.Faulted("home", "decode").Count() == 0 || seen.Filled("home").Count() != 1 {
				t.Errorf("%s: %q, want a fault and a fill", name, seen.Take())
			}
			if told := seen.String(); strings.Contains(told, secretWord) || strings.Contains(told, "shop~") {
				t.Errorf("%s: the events tell %q", name, told)
			}
		}
		// Entries that traded places: neither is served.
		whole, _ = s.Raw("shop~home")
		s.Put("shop~menu", whole)
		s.Put("shop~home", other)
		wantGet(t, cache, home, "-")
		wantGet(t, cache, menu, "-")
		s.Put("shop~menu", other)
		wantGet(t, cache, menu, secretPage)
	})
}

// heldBy returns what a Cache with another prefix or key holds under where, or
// one without encryption.
func heldBy(t testing.TB, prefix string, key []byte, where string) []byte {
	t.Helper()
	m := fragmenttest.NewMemory()
	o := fragment.Options{Prefix: prefix}
	cache, err := fragment.New(m, o)
	if key != nil {
		cache = openCache(t, m, o, key)
	}
	must(t, err)
	wantDo(t, cache, home, fragment.Policy{}, "the value of another", "the value of another")
	held, ok := m.Raw(where)
	if !ok {
		t.Fatalf("nothing is held under %q", where)
	}
	return held
}

// An entry that was put back is served as long as it would have been, and no
// longer: not past its life, nor after an invalidation, nor over what was set.
func TestWhatIsPutBackIsNoYounger(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache, ctx := openCache(t, b, fragment.Options{}, keyOf(1)), t.Context()
		p := fragment.Policy{TTL: time.Hour, Tags: []string{"tag"}}
		for what, end := range map[string]func(){
			"its life is over":       func() { time.Sleep(time.Hour) },
			"its tag is invalidated": func() { must(t, cache.InvalidateTags(ctx, "tag")) },
			"all is cleared":         func() { must(t, cache.Clear(ctx)) },
		} {
			wantDo(t, cache, home, p, what, what)
			held, _ := s.Raw("home")
			must(t, cache.Delete(ctx, menu)) // something else
			s.Put("home", held)
			wantGet(t, cache, home, what)
			end()
			s.Put("home", held)
			wantGet(t, cache, home, "-")
		}
	})
	s := fragmenttest.NewServer() // which has a stamp of each key that was written or deleted
	cache := openCache(t, s.Connect(), fragment.Options{}, keyOf(1))
	for what, end := range map[string]func(){
		"replaced": func() { must(t, cache.Set(t.Context(), home, []byte("new"), fragment.Policy{})) },
		"deleted":  func() { must(t, cache.Delete(t.Context(), home)) },
	} {
		must(t, cache.Set(t.Context(), home, []byte(what), fragment.Policy{}))
		held, _ := s.Raw("home")
		end()
		s.Put("home", held)
		wantGet(t, cache, home, "-")
	}
}

// A key is replaced while programs run. What the old one sealed opens, is sealed
// with the new one by the next fill, and is a miss once the old one is dropped.
func TestKeyOfACacheIsReplaced(t *testing.T) {
	old, latest := keyOf(1), keyOf(2)
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		isOf := func(key []byte) bool {
			held, _ := s.Raw("home")
			_, err := newTransform(t, key).Open("home", held)
			return err == nil
		}
		p := fragment.Policy{TTL: time.Hour}
		with := &keys{newTransform(t, old)}
		var seen fragmenttest.Recorder
		cache, err := fragment.New(b, fragment.Options{Transforms: []fragment.Transform{with}, Observe: seen.Observe})
		must(t, err)
		wantDo(t, cache, home, p, "first", "first")
		wantDo(t, cache, menu, p, "menu", "menu")

		with.newest = newTransform(t, old, latest)
		wantDo(t, cache, home, p, "not run", "first")
		with.newest = newTransform(t, latest, old)
		wantDo(t, cache, home, p, "not run", "first")
		if !isOf(old) {
			t.Error("a hit has sealed its entry anew, want it left as it is")
		}
		p.Refresh = true
		wantDo(t, cache, home, p, "second", "second")
		p.Refresh = false
		if !isOf(latest) {
			t.Error("a fill has not sealed with the new key")
		}
		seen.Faulted("", "").Never(t)

		with.newest = newTransform(t, latest)
		wantDo(t, cache, home, p, "not run", "second")
		seen.Reset()
		wantDo(t, cache, menu, p, "anew", "anew")
		if seen.Faulted("menu", "a key that New was not given").Count() == 0 {
			t.Errorf("what a dropped key sealed: %q, want a fault", seen.Take())
		}
		wantGet(t, cache, menu, "anew")
		must(t, cache.Close())
	})
}

// keys are those of programs that are started anew with others: in the memory of
// one process no entry outlives its Cache.
type keys struct{ newest *encrypt.Transform }

func (k *keys) Seal(key string, entry []byte) ([]byte, error) { return k.newest.Seal(key, entry) }
func (k *keys) Open(key string, held []byte) ([]byte, error)  { return k.newest.Open(key, held) }

// On a line that damages what it carries, each answer is right all the same.
func TestDamageOnTheWayIsNeverServed(t *testing.T) {
	for seed := range uint64(5) {
		faults := &fragmenttest.Faults{Seed: seed}
		cache := openCache(t, faults.Wrap(fragmenttest.NewServer().Connect()), fragment.Options{}, keyOf(1))
		faults.Inject(
			fragmenttest.Fault{Does: fragmenttest.Flip, Chance: 0.1},
			fragmenttest.Fault{Does: fragmenttest.Truncate, Chance: 0.1},
			fragmenttest.Fault{Does: fragmenttest.Foreign, Chance: 0.1},
		)
		dice := rand.New(rand.NewPCG(seed, 0))
		for range 500 {
			i := dice.IntN(10)
			value := fmt.Sprint(i, strings.Repeat(secretWord, i*100))
			wantDo(t, cache, fragment.KeyOf("k", i), fragment.Policy{Tags: []string{"tag"}}, value, value)
		}
		stats := cache.Stats()
		if faults.Count() < 100 || stats.Hits == 0 || stats.Faults == 0 {
			t.Errorf("%v, %d hits, %d faults told: too little was tested", faults, stats.Hits, stats.Faults)
		}
	}
}
