package flight

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestOneLeadsTheOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[int]
		var runs, led, waited atomic.Int64
		var wg sync.WaitGroup
		fails := errors.New("fails")
		for range 100 {
			wg.Go(func() {
				got, how := g.Do(t.Context(), "k", patient, func(*Node) Result[int] {
					runs.Add(1)
					time.Sleep(time.Second)
					return Result[int]{Value: 7, Err: fails}
				})
				if got.Value != 7 || got.Err != fails {
					t.Errorf("got %+v", got)
				}
				switch how {
				case Led:
					led.Add(1)
				case Waited:
					waited.Add(1)
				}
			})
		}
		wg.Wait()
		if runs.Load() != 1 || led.Load() != 1 || waited.Load() != 99 {
			t.Errorf("%d runs, %d led, %d waited", runs.Load(), led.Load(), waited.Load())
		}
		if len(g.calls) != 0 {
			t.Errorf("%d calls are left", len(g.calls))
		}
	})
}

func TestKeysFlyApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := newTested(t), time.Now()
		for _, key := range []string{"", "a", "b"} {
			g.wg.Go(func() { g.want(patient, key, after(time.Second, key), key, Led) })
		}
		g.end()
		if took := time.Since(start); took != time.Second {
			t.Errorf("three keys took %v, want 1s", took)
		}
	})
}

func TestWhoDoesNotWaitIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTested(t)
		g.wg.Go(func() { g.want(Wait{}, "k", after(time.Second, "v"), "v", Led) })
		synctest.Wait()
		g.want(Wait{Bound: 0}, "k", nil, "", Busy)
		g.want(Wait{Bound: -1}, "k", nil, "", Busy)
		g.end()
	})
}

func TestWaitersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := newTested(t), time.Now()
		g.wg.Go(func() { g.want(patient, "k", after(time.Minute, "v"), "v", Led) })
		synctest.Wait()
		g.want(Wait{Bound: time.Second}, "k", nil, "", Alone)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, how := g.Do(ctx, "k", patient, nil); how != Left {
			t.Errorf("outcome %d, want Left", how)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the waiters took %v, want 2s", took)
		}
		g.end()
	})
}

// Whoever cannot give a result hands over, and the waiters lead one after
// another until one can.
func TestLeaderWithoutAResultHandsOver(t *testing.T) {
	for name, fail := range map[string]lead{
		"again": func(*Node) Result[string] {
			time.Sleep(time.Second)
			return Result[string]{Value: "no", Again: true}
		},
		"panic": func(*Node) Result[string] { time.Sleep(time.Second); panic("oh no") },
		"exit":  func(*Node) Result[string] { time.Sleep(time.Second); runtime.Goexit(); panic("unreachable") },
	} {
		synctest.Test(t, func(t *testing.T) {
			g, start := newTested(t), time.Now()
			var led atomic.Int64
			g.wg.Go(func() {
				defer func() { recover() }()
				g.Do(t.Context(), "k", patient, fail)
			})
			synctest.Wait()
			for range 50 {
				g.wg.Go(func() {
					got, how := g.Do(t.Context(), "k", patient, after(time.Second, "v"))
					if got.Value != "v" {
						t.Errorf("%s: got %+v", name, got)
					}
					if how == Led {
						led.Add(1)
					}
				})
			}
			g.end()
			if led.Load() != 1 || time.Since(start) != 2*time.Second {
				t.Errorf("%s: %d waiters led, within %v, want one, 2s", name, led.Load(), time.Since(start))
			}
		})
	}
}

// The bound of a waiter goes over all who lead meanwhile.
func TestBoundIsOverAllLeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := newTested(t), time.Now()
		again := func(*Node) Result[string] { time.Sleep(time.Second); return Result[string]{Again: true} }
		for range 10 {
			g.wg.Go(func() { g.Do(t.Context(), "k", patient, again) })
		}
		synctest.Wait()
		got, how := g.Do(t.Context(), "k", Wait{Bound: 2500 * time.Millisecond}, again)
		if took := time.Since(start); took > 3500*time.Millisecond {
			t.Errorf("it took %v: %+v, outcome %d", took, got, how)
		}
		g.end()
	})
}

func TestReleaseLetsTheWaitersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, start := newTested(t), time.Now()
		g.wg.Go(func() {
			g.want(patient, "k", func(n *Node) Result[string] {
				time.Sleep(time.Second)
				n.Release()
				n.Release()
				time.Sleep(time.Minute)
				return Result[string]{Value: "mine"}
			}, "mine", Led)
		})
		synctest.Wait()
		for range 10 {
			g.wg.Go(func() { g.want(patient, "k", nil, "", Released) })
		}
		time.Sleep(time.Second)
		synctest.Wait()
		g.want(patient, "k", after(0, "next"), "next", Led) // the key is free
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want 1s", took)
		}
		g.end()
		NewNode(nil).Release() // a fill outside of any flight has no waiters
	})
}

// After Forget the next caller leads; whoever waited before keeps waiting, and
// the end of the old flight does not end the new one.
func TestForgetFreesTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTested(t)
		g.Forget("k") // nothing there
		g.wg.Go(func() { g.want(patient, "k", after(2*time.Second, "old"), "old", Led) })
		synctest.Wait()
		g.wg.Go(func() { g.want(patient, "k", nil, "old", Waited) })
		synctest.Wait()
		g.Forget("k")
		g.wg.Go(func() { g.want(patient, "k", after(3*time.Second, "new"), "new", Led) })
		synctest.Wait()
		time.Sleep(2500 * time.Millisecond) // the old one has landed
		g.want(patient, "k", nil, "new", Waited)
		g.end()
	})
}

// Landed moves on before a key is free again, so that the next leader sees it.
func TestLandedCountsEachFlightOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newTested(t)
		for i := range uint64(5) {
			if got := g.Landed(); got != i {
				t.Errorf("Landed = %d, want %d", got, i)
			}
			g.want(patient, "k", func(n *Node) Result[string] {
				if got := g.Landed(); got != i {
					t.Errorf("Landed = %d inside of a flight, want %d", got, i)
				}
				if i%2 == 0 {
					n.Release()
				}
				return Result[string]{}
			}, "", Led)
		}
		g.end()
	})
}

// A caller who finds nothing stored and then leads, with the count unchanged,
// knows that nobody stored in between.
func TestNextLeaderSeesTheLanding(t *testing.T) {
	var g Group[int]
	var stored atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5000 {
				landed := g.Landed()
				seen := stored.Load()
				g.Do(t.Context(), "k", patient, func(*Node) Result[int] {
					if now := stored.Load(); g.Landed() == landed && now != seen {
						t.Errorf("stored %d times since, and nothing landed", now-seen)
					}
					stored.Add(1)
					return Result[int]{}
				})
			}
		})
	}
	wg.Wait()
	if len(g.calls) != 0 {
		t.Errorf("%d calls are left", len(g.calls))
	}
}
