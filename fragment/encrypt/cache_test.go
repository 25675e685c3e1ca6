package encrypt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/compress"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A store is a Backend of fragmenttest that can be looked into.
type store interface {
	Keys() []string
	Raw(key string) (raw []byte, ok bool)
	Put(key string, raw []byte)
}

// onBoth runs a test on a Backend of this process, and on a server.
func onBoth(t *testing.T, test func(t *testing.T, s store, b fragment.Backend)) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { m := fragmenttest.NewMemory(); test(t, m, m) })
	})
	t.Run("server", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { s := fragmenttest.NewServer(); test(t, s, s.Connect()) })
	})
}

// openCache returns a Cache over b whose entries are compressed, and encrypted
// with key.
func openCache(t testing.TB, b fragment.Backend, o fragment.Options, key []byte, older ...[]byte) *fragment.Cache {
	t.Helper()
	small, err := compress.New(compress.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Transforms = []fragment.Transform{small, newTransform(t, key, older...)}
	cache, err := fragment.New(b, o)
	if err != nil {
		t.Fatalf("fragment.New: %v", err)
	}
	t.Cleanup(func() { cache.Close() })
	return cache
}

// must ends a test at an error that is none of its business.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantDo tests that Do returns want, be it stored or of a fill that returns value.
func wantDo(t testing.TB, cache *fragment.Cache, k fragment.Key, p fragment.Policy, value, want string) {
	t.Helper()
	got, err := cache.Do(t.Context(), k, p, func(context.Context) ([]byte, error) { return []byte(value), nil })
	if err != nil || string(got) != want {
		t.Errorf("Do(%v): %.40q, error %v; want %.40q", k, got, err, want)
	}
}

// wantGet tests what is stored; a miss is "-".
func wantGet(t testing.TB, cache *fragment.Cache, k fragment.Key, want string) {
	t.Helper()
	value, ok, err := cache.Get(t.Context(), k)
	got := string(value)
	if !ok {
		got = "-"
	}
	if got != want || err != nil {
		t.Errorf("Get(%v): %.40q, error %v; want %.40q", k, got, err, want)
	}
}

var (
	errFill    = errors.New("the fill failed")
	home, menu = fragment.KeyOf("home"), fragment.KeyOf("menu")

	// secretPage is compressed before it is encrypted, and secretWord is not.
	secretPage = strings.Repeat("<li>a secret of which nobody knows</li>\n", 500)
	secretWord = "secret"
)

// What the Backend holds shows neither a value, nor a tag, nor what kind of an
// answer it is; and text takes a fraction of its size.
func TestWhatABackendHoldsShowsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache := openCache(t, b, fragment.Options{Prefix: "shop"}, keyOf(1))
		p := fragment.Policy{TTL: time.Hour, Tags: []string{"secret-tag"}}
		for name, value := range map[string]string{"empty": "", "word": secretWord, "page": secretPage} {
			wantDo(t, cache, fragment.KeyOf(name), p, value, value)
		}
		_, err := cache.Do(t.Context(), fragment.KeyOf("nothing"), p, func(ctx context.Context) ([]byte, error) {
			return nil, fmt.Errorf("no secret: %w", fragment.ErrNotFound)
		})
		if !errors.Is(err, fragment.ErrNotFound) {
			t.Fatal(err)
		}
		must(t, cache.Set(t.Context(), fragment.KeyOf("set"), []byte(secretWord), p))
		must(t, cache.InvalidateTags(t.Context(), "another-secret-tag"))
		found := 0
		for _, key := range s.Keys() {
			held, _ := s.Raw(key)
			for _, told := range []string{"secret", "nothing", "not found", "\xca\x01\x01\x00", "\xca\x01\x01\x01", secretPage[:20]} {
				if bytes.Contains(held, []byte(told)) || strings.Contains(key, "secret") {
					t.Errorf("%q can be read under %q", told, key)
				}
			}
			if !strings.HasPrefix(key, "shop~!") {
				found++
			}
		}
		if found != 5 {
			t.Errorf("%d entries among %q, want 5", found, s.Keys())
		}
		if held, _ := s.Raw("shop~page"); len(held) > len(secretPage)/20 {
			t.Errorf("%d bytes are held for %d, want at most a twentieth", len(held), len(secretPage))
		}
	})
}

// The life of an entry that is compressed and encrypted is that of any other.
func TestWhatIsEncryptedLivesAndDies(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache, ctx := openCache(t, b, fragment.Options{}, keyOf(1)), t.Context()
		p := fragment.Policy{TTL: time.Minute, Stale: time.Hour, Tags: []string{"tag"}}
		wantDo(t, cache, home, p, secretPage, secretPage)
		wantDo(t, cache, home, p, "new", secretPage)

		ok, err := cache.Touch(ctx, home, fragment.Policy{TTL: time.Hour, Stale: time.Hour})
		if left, _, _ := cache.TTL(ctx, home); !ok || err != nil || left != time.Hour {
			t.Errorf("Touch: %t, error %v, and %v left; want an hour", ok, err, left)
		}
		time.Sleep(30 * time.Minute)
		wantGet(t, cache, home, secretPage)

		must(t, cache.Expire(ctx, home))
		wantGet(t, cache, home, "-")
		got, err := cache.Do(ctx, home, p, func(context.Context) ([]byte, error) { return nil, errFill })
		if err != nil || string(got) != secretPage {
			t.Errorf("Do with a fill that fails: %d bytes, error %v; want the stale value", len(got), err)
		}
		time.Sleep(time.Minute)
		wantDo(t, cache, home, p, secretWord, secretWord)

		for what, free := range map[string]func() error{
			"InvalidateTags": func() error { return cache.InvalidateTags(ctx, "tag") },
			"Clear":          func() error { return cache.Clear(ctx) },
			"Delete":         func() error { return cache.Delete(ctx, home) },
		} {
			must(t, free())
			wantGet(t, cache, home, "-")
			wantDo(t, cache, home, p, what, what)
			wantGet(t, cache, home, what)
		}
		wantNoFaults(t, cache)
	})
}

func wantNoFaults(t *testing.T, cache *fragment.Cache) {
	t.Helper()
	if n := cache.Stats().Faults; n != 0 {
		t.Errorf("%d faults of the backend, want none", n)
	}
}

// An entry and its companion come and go together.
func TestWhatIsEncryptedHasCompanions(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache := openCache(t, b, fragment.Options{}, keyOf(1))
		for _, value := range []string{secretWord, secretPage} {
			got, err := cache.Do(t.Context(), home, fragment.Policy{Tags: []string{"tag"}}, func(ctx context.Context) ([]byte, error) {
				fragment.StoreWith(ctx, menu, []byte(value))
				return []byte(value + value), nil
			})
			if err != nil || string(got) != value+value {
				t.Errorf("Do: %d bytes, error %v", len(got), err)
			}
			wantGet(t, cache, home, value+value)
			wantGet(t, cache, menu, value)
			must(t, cache.InvalidateTags(t.Context(), "tag"))
			wantGet(t, cache, home, "-")
			wantGet(t, cache, menu, "-")
		}
		wantNoFaults(t, cache)
	})
}

// Many keys are written, read and filled at once.
func TestManyAreEncrypted(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache, ctx := openCache(t, b, fragment.Options{}, keyOf(1)), t.Context()
		value := func(i int) string { return fmt.Sprint(i, strings.Repeat(secretWord, i*i)) }
		var keys []fragment.Key
		items := make(map[fragment.Key][]byte)
		for i := range 20 {
			keys = append(keys, fragment.KeyOf("k", i))
			if i%2 == 0 {
				items[keys[i]] = []byte(value(i))
			}
		}
		must(t, cache.SetMany(ctx, items, fragment.Policy{}))
		for round := range 2 {
			answers, err := cache.DoMany(ctx, keys, fragment.Policy{}, func(_ context.Context, missing []int) (filled []fragment.Filled, _ error) {
				if round > 0 || len(missing) != 10 {
					t.Errorf("in round %d %d are missing, want the 10 that were not set, once", round, len(missing))
				}
				for _, i := range missing {
					filled = append(filled, fragment.Filled{Value: []byte(value(i))})
				}
				return filled, nil
			})
			must(t, err)
			found, err := cache.GetMany(ctx, keys)
			must(t, err)
			for i, k := range keys {
				if string(answers[i].Value) != value(i) || string(found[k]) != value(i) || answers[i].Err != nil {
					t.Errorf("%v: DoMany returned %d bytes, error %v, and GetMany %d, want %d", k, len(answers[i].Value), answers[i].Err, len(found[k]), len(value(i)))
				}
			}
		}
		wantNoFaults(t, cache)
	})
}
