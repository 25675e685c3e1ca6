package fragment_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	beside "github.com/pongocache/pongocache/internal/ratio"
)

// A hit whose level is not enabled costs no allocation.
func TestLogOfAHitAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	c, k := logged(t, fragment.LogTo(new(journal).at(slog.LevelInfo))), fragment.KeyOf("k")
	allocs := testing.AllocsPerRun(100, func() { c.Do(ctx, k, fragment.Policy{}, nothing) })
	if allocs != 0 {
		t.Errorf("a hit allocates %v times, want 0", allocs)
	}
}

// logged returns a cache with an observer that holds the entry k.
func logged(tb testing.TB, observe func(context.Context, fragment.Event)) *fragment.Cache {
	c := fresh(tb, fragment.Options{Observe: observe})
	must(tb, c.Set(tb.Context(), fragment.KeyOf("k"), []byte("v"), fragment.Policy{TTL: fragment.Forever}))
	return c
}

func nothing(context.Context) ([]byte, error) { return nil, errors.New("filled again") }

// A hit with a log that does not want it, beside one with an observer that does
// nothing, and beside one without an observer.
func BenchmarkHitLogged(b *testing.B) {
	ctx, k := b.Context(), fragment.KeyOf("k")
	hits := func(c *fragment.Cache) func(n int) {
		return func(n int) {
			for range n {
				c.Do(ctx, k, fragment.Policy{}, nothing)
			}
		}
	}
	log := hits(logged(b, fragment.LogTo(new(journal).at(slog.LevelInfo))))
	b.Run("beside=nobody", func(b *testing.B) { beside.Compare(b, hits(logged(b, nil)), log) })
	b.Run("beside=idle", func(b *testing.B) {
		beside.Compare(b, hits(logged(b, func(context.Context, fragment.Event) {})), log)
	})
}

// The observer alone.
func BenchmarkLogTo(b *testing.B) {
	ctx := b.Context()
	observe := fragment.LogTo(new(journal).at(slog.LevelInfo))
	hit := fragment.Event{Kind: fragment.EventHit, Cache: "default", Name: "k", Size: 1}
	fault := fragment.Event{Kind: fragment.EventFault, Cache: "default", Name: "k", Reason: "get", Err: errDisk}
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			observe(ctx, hit)
		}
	})
	b.Run("fault", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			observe(ctx, fault)
		}
	})
}
