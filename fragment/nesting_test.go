package fragment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// patience is far below Options.Wait: whoever is let go by that bound alone
// comes too late.
const patience = 2 * time.Second

// pair returns two caches that keep nothing, so that every Do leads or waits.
func pair(t *testing.T) [2]*fragment.Cache {
	return [2]*fragment.Cache{open(t, fragment.Null(), fragment.Options{}), open(t, fragment.Null(), fragment.Options{})}
}

// barrier returns a func that lets its callers go when n of them are there.
func barrier(n int) func() {
	var wg sync.WaitGroup
	wg.Add(n)
	return func() { wg.Done(); wg.Wait() }
}

// In a ring of fills each asks for the next one when all of them have begun.
func TestRingsOfFillsComeToAnEnd(t *testing.T) {
	type asks func(ask func())
	direct := func(ask func()) { ask() }
	apart := func(ask func()) { // in a goroutine of the fill
		var wg sync.WaitGroup
		wg.Go(ask)
		wg.Wait()
	}
	twice := func(ask func()) { together(2, func(int) { ask() }) }
	for how, asks := range map[string]asks{"direct": direct, "apart": apart, "twice": twice} {
		for _, n := range []int{1, 2, 3, 4, 10} {
			t.Run(fmt.Sprintf("%s, %d", how, n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { runRing(t, n, asks) })
			})
		}
	}
}

func runRing(t *testing.T, n int, asks func(func())) {
	caches, all, start := pair(t), barrier(n), time.Now()
	ask := func(ctx context.Context, i int, f fill) string {
		return do(t, ctx, caches[i%n%2], fragment.KeyOf("ring", i%n), fragment.Policy{}, f)
	}
	together(n, func(i int) {
		got := ask(t.Context(), i, func(ctx context.Context) ([]byte, error) {
			all()
			asks(func() { ask(ctx, i+1, give("inner")) })
			return []byte("outer"), nil
		})
		if got != "outer" {
			t.Errorf("%d of %d: Do = %q, want what its fill returned", i, n, got)
		}
	})
	if took := time.Since(start); took > patience {
		t.Errorf("a ring of %d took %v", n, took)
	}
}

// A ring may close through somebody who leads nothing in it: x waits for a
// inside of its own fill, b asks for x.
func TestRingThroughAWaiterComesToAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caches, start := pair(t), time.Now()
		a, b, x := fragment.KeyOf("a"), fragment.KeyOf("b"), fragment.KeyOf("x")
		then := func(after time.Duration, k fragment.Key, c *fragment.Cache) fill {
			return func(ctx context.Context) ([]byte, error) {
				time.Sleep(after)
				return []byte(do(t, ctx, c, k, fragment.Policy{}, give("alone"))), nil
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { do(t, t.Context(), caches[0], a, fragment.Policy{}, then(10*time.Millisecond, b, caches[1])) })
		wg.Go(func() { do(t, t.Context(), caches[0], x, fragment.Policy{}, then(20*time.Millisecond, a, caches[0])) })
		wg.Go(func() { do(t, t.Context(), caches[1], b, fragment.Policy{}, then(30*time.Millisecond, x, caches[0])) })
		wg.Wait()
		if took := time.Since(start); took > patience {
			t.Errorf("it took %v", took)
		}
	})
}

func TestManyPagesShareOneLoader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var queries, renders atomic.Int64
		pages, loaders := fresh(t, fragment.Options{}), fresh(t, fragment.Options{})
		start := time.Now()
		together(200, func(i int) {
			k := fragment.KeyOf("page", i)
			wantDo(t, pages, k, fragment.Policy{}, counted(&renders, func(ctx context.Context) ([]byte, error) {
				query := counted(&queries, takes(200*time.Millisecond, "rows"))
				return loaders.Do(ctx, fragment.KeyOf("loader"), fragment.Policy{}, query)
			}), "rows")
		})
		if queries.Load() != 1 || renders.Load() != 200 || time.Since(start) != 200*time.Millisecond {
			t.Errorf("%d queries and %d renders in %v, want 1 and 200 in 200ms", queries.Load(), renders.Load(), time.Since(start))
		}
	})
}

// A tangle is fills that ask for one another by chance, some of them from
// goroutines of their own, some of which are cancelled or panic.
type tangle struct {
	caches [2]*fragment.Cache
	keys   int
	longer atomic.Int64 // the longest Do
}

func (g *tangle) ask(ctx context.Context, r *rand.Rand, depth int) {
	start, seed := time.Now(), r.Uint64()
	defer func() {
		recover()
		took := int64(time.Since(start))
		for old := g.longer.Load(); took > old && !g.longer.CompareAndSwap(old, took); old = g.longer.Load() {
		}
	}()
	if r.IntN(10) == 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(5))*time.Millisecond)
		defer cancel()
	}
	c, k := g.caches[r.IntN(2)], fragment.KeyOf("tangle", r.IntN(g.keys))
	c.Do(ctx, k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		return nil, g.answer(ctx, rand.New(rand.NewPCG(seed, 1)), depth)
	})
}

func (g *tangle) answer(ctx context.Context, r *rand.Rand, depth int) error {
	time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
	if depth > 0 {
		if r.IntN(3) == 0 {
			seed := r.Uint64()
			together(2, func(i int) { g.ask(ctx, rand.New(rand.NewPCG(seed, uint64(i))), depth-1) })
		}
		for range r.IntN(3) {
			g.ask(ctx, r, depth-1)
		}
	}
	switch r.IntN(20) {
	case 0:
		panic("by chance")
	case 1:
		fragment.DoNotStore(ctx, "by chance")
	}
	return ctx.Err()
}

func TestTanglesOfFillsComeToAnEnd(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, round))
			g := tangle{caches: pair(t), keys: 1 + r.IntN(6)}
			seed := r.Uint64()
			together(2+r.IntN(12), func(i int) {
				g.ask(t.Context(), rand.New(rand.NewPCG(seed, uint64(i))), 3)
			})
			if took := time.Duration(g.longer.Load()); took > patience {
				t.Errorf("round %d: a Do took %v", round, took)
			}
		})
	}
}
