package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Kept tells, after Do and not before, what became of the value: in one word,
// which holds nothing of what the fill or the Backend said.
func TestKeptTellsWhatBecameOfIt(t *testing.T) {
	invalidates := func(c *fragment.Cache) fill {
		return func(ctx context.Context) ([]byte, error) { return nil, c.InvalidateTags(ctx, "t") }
	}
	deletes := func(c *fragment.Cache) fill {
		return func(ctx context.Context) ([]byte, error) { return nil, c.Delete(ctx, body) }
	}
	clears := func(c *fragment.Cache) fill {
		return func(ctx context.Context) ([]byte, error) { return nil, c.Clear(ctx) }
	}
	just := func(f fill) func(*fragment.Cache) fill { return func(*fragment.Cache) fill { return f } }
	broken := newFaulty(false, "set")
	broken.on.Store(true)
	for name, row := range map[string]struct {
		b    fragment.Backend
		tags []string
		f    func(*fragment.Cache) fill
		why  string
	}{
		"stored":      {newMemory(), nil, just(give("v")), ""},
		"private":     {newMemory(), nil, just(private("v")), "do-not-store"},
		"large":       {newMemory(), nil, just(give("much too large")), "too-large"},
		"refused":     {choosy(newMemory()), nil, just(withLarge), "too-large"},
		"invalidated": {newMemory(), []string{"t"}, invalidates, "outdated"},
		"cleared":     {newMemory(), nil, clears, "outdated"},
		"deleted":     {newMemory(), nil, deletes, "outdated"},
		"expired":     {newMemory(), nil, just(expired), "expired"},
		"bad tags":    {newMemory(), []string{"a b"}, just(give("v")), "tags"},
		"null":        {fragment.Null(), nil, just(give("v")), "null"},
		"fault":       {&broken.meddler, nil, just(give("v")), "backend"},
		"failed":      {newMemory(), nil, just(fails), ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var of context.Context
			c := open(t, row.b, fragment.Options{MaxValue: 8})
			f := row.f(c)
			_, err := c.Do(t.Context(), body, fragment.Policy{Tags: row.tags}, func(ctx context.Context) ([]byte, error) {
				of = ctx
				if stored, why := fragment.Kept(ctx); stored || why != "" {
					t.Errorf("%s: Kept = %t, %q inside of the fill", name, stored, why)
				}
				return f(ctx)
			})
			stored, why := fragment.Kept(of)
			if want := row.why == "" && err == nil; stored != want || why != row.why {
				t.Errorf("%s: Kept = %t, %q, want %t, %q", name, stored, why, want, row.why)
			}
		})
	}
}

// withLarge stores a companion that a choosy Backend refuses.
func withLarge(ctx context.Context) ([]byte, error) {
	fragment.StoreWith(ctx, fragment.KeyOf("large"), nil)
	return nil, nil
}

func expired(ctx context.Context) ([]byte, error) {
	fragment.LimitTTL(ctx, 0)
	return nil, nil
}

func TestKeptOfAStalePart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part, f := served(t, "its refill failed")
		page := levels(t, fragment.Policy{})[0]
		var of context.Context
		wantDo(t, page.c, page.k, page.p, func(ctx context.Context) ([]byte, error) {
			of = ctx
			time.Sleep(time.Second)
			return inside([]level{part}, f)(ctx)
		}, "stale")
		if stored, why := fragment.Kept(of); stored || why != "stale-part" {
			t.Errorf("Kept = %t, %q, want stale-part", stored, why)
		}
	})
}
