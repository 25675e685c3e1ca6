package compress_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/compress"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A store is a Backend of fragmenttest that can be looked into.
type store interface {
	Raw(key string) (held []byte, ok bool)
	Put(key string, held []byte)
}

// onBoth runs a test on a Backend of this process, and on a server.
func onBoth(t *testing.T, test func(t *testing.T, s store, b fragment.Backend)) {
	t.Run("memory", func(t *testing.T) { m := fragmenttest.NewMemory(); test(t, m, m) })
	t.Run("server", func(t *testing.T) { s := fragmenttest.NewServer(); test(t, s, s.Connect()) })
}

// openCache returns a Cache over b whose entries are compressed.
func openCache(t testing.TB, b fragment.Backend, o fragment.Options) *fragment.Cache {
	t.Helper()
	o.Transforms = []fragment.Transform{newTransform(t, compress.Options{})}
	cache, err := fragment.New(b, o)
	if err != nil {
		t.Fatalf("fragment.New: %v", err)
	}
	t.Cleanup(func() { cache.Close() })
	return cache
}

// wantDo tests that Do returns want, which a fill of value may be needed for.
func wantDo(t testing.TB, cache *fragment.Cache, k fragment.Key, p fragment.Policy, value, want []byte) {
	t.Helper()
	got, err := cache.Do(t.Context(), k, p, func(context.Context) ([]byte, error) { return value, nil })
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("Do(%v): %d bytes, error %v; want the %d that were filled", k, len(got), err, len(want))
	}
}

var home = fragment.KeyOf("home")

// What the Backend holds of text is a fraction, and of what cannot be compressed
// a byte more. All of it is served as it was.
func TestACacheHoldsLess(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		cache := openCache(t, b, fragment.Options{})
		const head = 300 // at most, of an entry
		for i, row := range []struct {
			value []byte
			most  int
		}{
			{nil, head},
			{page(100), 100 + head},
			{page(20 * kib), 6 * kib},
			{page(2 * mib), mib / 2},
			{noise(20 * kib), 20*kib + head},
		} {
			k := fragment.KeyOf("k", i)
			for range 2 {
				wantDo(t, cache, k, fragment.Policy{Tags: []string{"tag"}}, row.value, row.value)
			}
			held, ok := s.Raw(fmt.Sprint("k|i", i))
			if !ok || len(held) > row.most {
				t.Errorf("the backend holds %d bytes (there: %v) for %d, want at most %d", len(held), ok, len(row.value), row.most)
			}
		}
		if stats := cache.Stats(); stats.Faults != 0 || stats.Hits != 5 || stats.Misses != 5 {
			t.Errorf("Stats: %d hits, %d misses, %d faults; want 5, 5 and 0", stats.Hits, stats.Misses, stats.Faults)
		}
	})
}

// A large entry lives as long as any other.
func TestWhatIsCompressedLivesAndDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := openCache(t, fragmenttest.NewServer().Connect(), fragment.Options{})
		p := fragment.Policy{TTL: time.Minute, Stale: time.Hour, Tags: []string{"tag"}}
		old, latest := page(20*kib), page(30*kib)
		wantDo(t, cache, home, p, old, old)
		if ok, err := cache.Touch(t.Context(), home, fragment.Policy{TTL: time.Hour, Stale: time.Hour}); !ok || err != nil {
			t.Errorf("Touch: %t, %v", ok, err)
		}
		time.Sleep(30 * time.Minute)
		wantDo(t, cache, home, p, latest, old)
		if err := cache.Expire(t.Context(), home); err != nil {
			t.Errorf("Expire: %v", err)
		}
		got, err := cache.Do(t.Context(), home, p, func(context.Context) ([]byte, error) { return nil, context.Canceled })
		if err != nil || !bytes.Equal(got, old) {
			t.Errorf("Do with a fill that fails: %d bytes, error %v; want the stale value", len(got), err)
		}
		time.Sleep(time.Minute)
		wantDo(t, cache, home, p, latest, latest)
		if err := cache.InvalidateTags(t.Context(), "tag"); err != nil {
			t.Errorf("InvalidateTags: %v", err)
		}
		wantDo(t, cache, home, p, old, old)
	})
}

// What is no longer what was stored is a miss and a fault, and filled anew.
func TestWhatIsDamagedIsFilledAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, s store, b fragment.Backend) {
		var seen fragmenttest.Recorder
		cache := openCache(t, b, fragment.Options{Observe: seen.Observe})
		value := page(20 * kib)
		wantDo(t, cache, home, fragment.Policy{}, value, value)
		whole, _ := s.Raw("home")
		entry, err := newTransform(t, compress.Options{}).Open("home", whole)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for name, held := range map[string][]byte{
			"nothing":                 {},
			"a mark alone":            whole[:1],
			"half":                    whole[:len(whole)/2],
			"all but a byte":          whole[:len(whole)-1],
			"a byte more":             append(bytes.Clone(whole), 0),
			"a bit flipped":           flipped,
			"text":                    []byte("<html>an entry of somebody else</html>"),
			"what is no entry inside": forged(3, block(last, raw, 3, "abc")),
			"a bomb":                  forged(8*mib, bomb(8*mib)...),
			"a page that is no entry": append([]byte{asItIs}, value...),
			"one from before it was":  entry,
		} {
			seen.Reset()
			s.Put("home", held)
			wantDo(t, cache, home, fragment.Policy{}, value, value)
			if seen.Faulted("home", "decode").Count() == 0 || seen.Filled("home").Count() != 1 {
				t.Errorf("%s: %q, want a fault and a fill", name, seen.Take())
			}
		}
		wantDo(t, cache, home, fragment.Policy{}, nil, value)
	})
}
