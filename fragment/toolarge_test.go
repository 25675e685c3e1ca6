package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// choosy returns a Backend that refuses what is stored under a key with "large"
// in it.
func choosy(m *memory) fragment.Backend {
	return local{&meddler{Backend: m, set: func(_ context.Context, key string) error {
		if strings.Contains(key, "large") {
			return fmt.Errorf("choosy: %w", fragment.ErrTooLarge)
		}
		return nil
	}}}
}

// A value that is too large is returned, not stored, and no fault.
func TestTooLargeAValueIsReturned(t *testing.T) {
	for name, o := range map[string]fragment.Options{"by MaxValue": {MaxValue: 5}, "by the backend": {}} {
		var w watcher
		m, k := newMemory(), fragment.KeyOf("large")
		o.Observe = w.observe
		c := open(t, choosy(m), o)
		wantDo(t, c, k, fragment.Policy{}, give("longer"), "longer")
		err := c.Set(t.Context(), k, []byte("longer"), fragment.Policy{})
		if !errors.Is(err, fragment.ErrTooLarge) || !strings.Contains(err.Error(), `"large"`) {
			t.Errorf("%s: Set: error %v, want ErrTooLarge and the name of the key", name, err)
		}
		if keys := m.keys(); len(keys) != 0 {
			t.Errorf("%s: stored %q", name, keys)
		}
		skips, s := w.events(fragment.EventSkip), c.Stats()
		if len(skips) != 2 || skips[0].Size != 6 || skips[0].Name != "large" || skips[1].Name != "large" {
			t.Errorf("%s: skips %+v, want two of 6 bytes", name, skips)
		}
		if s.Skips != 2 || s.Faults != 0 || s.Stores != 0 {
			t.Errorf("%s: %+v, want two skips and no fault", name, s)
		}
	}
}

func TestValueAsLargeAsAllowed(t *testing.T) {
	c := fresh(t, fragment.Options{MaxValue: 5})
	must(t, c.Set(t.Context(), fragment.KeyOf("k"), []byte("12345"), fragment.Policy{}))
	wantGet(t, c, fragment.KeyOf("k"), "12345")
	if _, err := fragment.New(fragment.Null(), fragment.Options{MaxValue: -1}); err == nil {
		t.Error("New takes a negative MaxValue")
	}
}

// The old value under a key does not outlive a new one that is refused.
func TestTooLargeAValueDeletesTheOldOne(t *testing.T) {
	c, k := fresh(t, fragment.Options{MaxValue: 3}), fragment.KeyOf("k")
	must(t, c.Set(t.Context(), k, []byte("old"), fragment.Policy{}))
	wantErr(t, "Set", c.Set(t.Context(), k, []byte("newer"), fragment.Policy{}), fragment.ErrTooLarge)
	wantGet(t, c, k, "-")
}

// One that is too large costs the others of a SetMany nothing.
func TestTooLargeAValueAmongMany(t *testing.T) {
	for name, b := range map[string]func(*memory) fragment.Backend{
		"one by one": choosy,
		"in one trip": func(m *memory) fragment.Backend {
			return manySetter{choosy(m).(local)}
		},
	} {
		m := newMemory()
		c := open(t, b(m), fragment.Options{})
		items := make(map[fragment.Key][]byte)
		for i := range 20 {
			items[fragment.KeyOf("small", i)] = []byte("v")
		}
		items[fragment.KeyOf("large")] = []byte("v")
		err := c.SetMany(t.Context(), items, fragment.Policy{})
		if !errors.Is(err, fragment.ErrTooLarge) {
			t.Errorf("%s: SetMany: error %v, want ErrTooLarge", name, err)
		}
		if n := len(m.keys()); n != 20 {
			t.Errorf("%s: %d entries are stored, want the 20 small ones", name, n)
		}
		if s := c.Stats(); s.Stores != 20 {
			t.Errorf("%s: %d stores counted, want 20", name, s.Stores)
		}
	}
}

// manySetter writes many in one trip, and all or nothing of them.
type manySetter struct{ local }

func (s manySetter) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	for key := range items {
		if strings.Contains(key, "large") {
			return fragment.ErrTooLarge
		}
	}
	return fragment.SetMany(ctx, s.local, items, ttl)
}
