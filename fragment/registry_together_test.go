package fragment_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

func TestRegistryInvalidatesAllCaches(t *testing.T) {
	var r fragment.Registry
	ctx, p := t.Context(), fragment.Policy{Tags: []string{"t"}}
	one, two := freshApart(t, "t", "other"), freshApart(t, "t", "other")
	must(t, r.Use("one", one))
	must(t, r.Use("one again", one))
	must(t, r.Use("two", two))
	r.Cache("declared")
	set := func() {
		for _, c := range []*fragment.Cache{one, two} {
			must(t, c.Set(ctx, body, []byte("v"), p))
			wantGet(t, c, body, "v")
		}
	}
	set()
	must(t, r.InvalidateTags(ctx, "other"))
	wantGet(t, one, body, "v")
	must(t, r.InvalidateTags(ctx, "t"))
	wantGet(t, one, body, "-")
	wantGet(t, two, body, "-")
	set()
	must(t, r.Clear(ctx))
	wantGet(t, one, body, "-")
	wantGet(t, two, body, "-")
	if err := r.InvalidateTags(ctx, "a b"); err == nil {
		t.Error("a bad tag is taken")
	}
	must(t, new(fragment.Registry).InvalidateTags(ctx, "t"))
}

// Events bear the name of the cache, and go to the observer of the Registry
// where the cache has none.
func TestEventsBearTheNameOfTheCache(t *testing.T) {
	var shared, own watcher
	r := fragment.Registry{Observe: shared.observe}
	a, err := r.Open(t.Context(), "a", "memory-test:", fragment.Options{})
	must(t, err)
	b, err := r.Open(t.Context(), "b", "memory-test:", fragment.Options{Observe: own.observe})
	must(t, err)
	nameless := fresh(t, fragment.Options{Observe: own.observe})
	for _, c := range []*fragment.Cache{a, b, nameless} {
		must(t, c.Set(t.Context(), body, nil, fragment.Policy{}))
	}
	must(t, r.Use("used", nameless))
	must(t, r.Use("used again", nameless))
	must(t, nameless.Set(t.Context(), body, nil, fragment.Policy{}))
	names := func(w *watcher) (names []string) {
		for _, e := range w.events(fragment.EventStore) {
			names = append(names, e.Cache)
		}
		return names
	}
	if got := fmt.Sprint(names(&shared)); got != "[a]" {
		t.Errorf("the registry's observer saw %v", got)
	}
	if got := fmt.Sprint(names(&own)); got != "[b  used]" {
		t.Errorf("the caches' own observer saw %q", got)
	}
	must(t, r.Close())
}

// Whatever happens at once: each name has one cache, and each Backend that was
// opened is closed.
func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	before := stillOpen.Load()
	for range 20 {
		r := fragment.Registry{Observe: new(watcher).observe}
		var wins atomic.Int64
		ctx := t.Context()
		together(12, func(i int) {
			c := r.Cache("c")
			wantDo(t, c, fragment.KeyOf("k", i), fragment.Policy{}, give("v"), "v")
			if opened, err := r.Open(ctx, "c", "memory-test:", fragment.Options{}); err == nil {
				wins.Add(1)
				if opened != c {
					t.Error("a name has two caches")
				}
			}
			if i%4 == 0 {
				r.InvalidateTags(ctx, "t")
				r.Clear(ctx)
				r.Lookup("c")
			}
			if i == 11 {
				r.Close()
			}
			c.Get(ctx, body)
		})
		must(t, r.Close())
		if wins.Load() > 1 {
			t.Errorf("a name was opened %d times", wins.Load())
		}
		if n := stillOpen.Load() - before; n != 0 {
			t.Errorf("%d backends are left open", n)
		}
	}
}
