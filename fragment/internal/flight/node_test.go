package flight

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// a ← b means that the fill b runs inside of a; a → b that a waits for b.

func TestFillMayNotWaitForWhatItRunsInside(t *testing.T) {
	outer := NewNode(nil)
	inner := NewNode(NewNode(outer))
	for n := inner; n != nil; n = n.parent {
		if inner.mayWaitFor(n) {
			t.Error("a fill may wait for itself or for one around it")
		}
	}
	if !outer.mayWaitFor(inner) {
		t.Error("a fill may not wait for one of its parts, led by a goroutine of its own")
	}
	outer.endWaitFor(inner)
	wantNoWaits(t, inner)
}

func TestFillMayNotCloseARing(t *testing.T) {
	a, b, c := NewNode(nil), NewNode(nil), NewNode(nil)
	inA, inB, inC := NewNode(a), NewNode(NewNode(b)), NewNode(c)
	if !inA.mayWaitFor(b) || !inB.mayWaitFor(c) {
		t.Fatal("a fill may not wait although there is no ring")
	}
	for _, n := range []*Node{c, inC} {
		for _, other := range []*Node{a, b} {
			if n.mayWaitFor(other) {
				t.Error("a ring of three may be closed")
			}
		}
	}
	inB.endWaitFor(c)
	if !inC.mayWaitFor(a) {
		t.Error("a fill may not wait although the ring is open again")
	}
	inC.endWaitFor(a)
	inA.endWaitFor(b)
	for _, n := range []*Node{inA, inB, inC} {
		wantNoWaits(t, n)
	}
}

// Goroutines of one fill wait for the same flight, each counted.
func TestWaitsAreCounted(t *testing.T) {
	outer, other := NewNode(nil), NewNode(nil)
	one, two := NewNode(outer), NewNode(outer)
	for _, n := range []*Node{one, one, two} {
		if !n.mayWaitFor(other) {
			t.Fatal("may not wait")
		}
	}
	one.endWaitFor(other)
	one.endWaitFor(other)
	if other.mayWaitFor(outer) {
		t.Error("a ring may be closed while one of three still waits")
	}
	two.endWaitFor(other)
	if !other.mayWaitFor(outer) {
		t.Error("a fill may not wait although all have ended")
	}
	other.endWaitFor(outer)
	for _, n := range []*Node{one, two, other} {
		wantNoWaits(t, n)
	}
}

func TestCallerOutsideOfAnyFillMayWait(t *testing.T) {
	var nobody *Node
	if !nobody.mayWaitFor(NewNode(nil)) {
		t.Error("a caller outside of any fill may not wait")
	}
	nobody.endWaitFor(NewNode(nil))
}

// Two that are about to wait for each other: exactly one of them may.
func TestOneOfTwoMayWait(t *testing.T) {
	for range 2000 {
		a, b := NewNode(nil), NewNode(nil)
		var may [2]bool
		var wg sync.WaitGroup
		wg.Go(func() { may[0] = a.mayWaitFor(b) })
		wg.Go(func() { may[1] = b.mayWaitFor(a) })
		wg.Wait()
		if may[0] == may[1] {
			t.Fatalf("may wait: %v, want one of the two", may)
		}
	}
}

// However flights nest, wait, leave and fail: nothing is left when all is over,
// and nobody is let go by its bound alone.
func TestNothingIsLeftOfATangle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			k := &knot{t: t, groups: [2]*tested{newTested(t), newTested(t)}}
			for i := range uint64(8) {
				k.groups[0].wg.Go(func() { k.ask(t.Context(), nil, rand.New(rand.NewPCG(seed, round<<8|i)), 4) })
			}
			k.groups[0].end()
			k.groups[1].end()
			for _, n := range k.nodes {
				wantNoWaits(t, n)
			}
		})
	}
}

type knot struct {
	t      *testing.T
	groups [2]*tested
	mu     sync.Mutex
	nodes  []*Node // all that there were; guarded by mu
}

func (k *knot) ask(ctx context.Context, inside *Node, r *rand.Rand, depth int) {
	defer func() { recover() }()
	if r.IntN(5) == 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3))*time.Millisecond)
		defer cancel()
	}
	g, start := k.groups[r.IntN(2)], time.Now()
	key, fill := string(rune('a'+r.IntN(4))), func(n *Node) Result[string] { return k.fill(ctx, n, r, depth) }
	_, how := g.Do(ctx, key, within(inside), fill)
	if took := time.Since(start); took > 5*time.Second {
		k.t.Errorf("a flight took %v", took)
	}
	if how == Alone {
		fill(NewNode(inside))
	}
}

func (k *knot) fill(ctx context.Context, n *Node, r *rand.Rand, depth int) Result[string] {
	k.mu.Lock()
	k.nodes = append(k.nodes, n)
	k.mu.Unlock()
	time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
	for range r.IntN(3) {
		if depth > 0 {
			k.ask(ctx, n, r, depth-1)
		}
	}
	switch r.IntN(12) {
	case 0:
		n.Release()
	case 1:
		k.groups[r.IntN(2)].Forget(string(rune('a' + r.IntN(4))))
	case 2:
		panic("by chance")
	}
	return Result[string]{Again: r.IntN(8) == 0}
}
