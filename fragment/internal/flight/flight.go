// Package flight runs one fill per key at a time.
//
// The first caller of a key leads: it runs the function itself, on its own
// goroutine. Others that come meanwhile wait for its result, each no longer
// than its own context and a bound allow.
//
//   - A leader that panics, calls runtime.Goexit or was cancelled has no result:
//     one of the waiters leads next.
//   - A leader may Release its waiters at once, when it learns that its result
//     is for its own caller alone; they then run side by side.
//   - Whoever is itself inside a flight waits only where that cannot close a
//     circle of flights waiting for each other.
package flight

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Result is what a leader hands to its waiters.
type Result[T any] struct {
	Value T
	Err   error
	// Again means that the value is of no use to others, who are to begin anew:
	// the leader was cancelled, or what it computed was invalidated meanwhile.
	Again bool
	// Old says that it was the latter. That may happen to the next one, too: who
	// has waited for two of those does not wait for a third.
	Old bool
}

// Olds counts the old results that a caller has waited for, here and where it finds
// out by itself that what it got is old.
type Olds int

// Another counts one more, and reports whether the caller is to wait for a next one.
func (o *Olds) Another() (wait bool) {
	*o++
	return *o < maxOld
}

const maxOld = 2

// Outcome tells how a call of Do ended.
type Outcome int

// The outcomes of Do.
const (
	Led      Outcome = iota // this caller ran the function
	Waited                  // another ran it, and this is its result
	Alone                   // no result: this caller should run the function for itself
	Left                    // no result: the caller's context ended
	Busy                    // no result: another is running it and the caller does not want to wait
	Released                // as Alone: the one who ran it keeps its result for itself
)

// A Group holds the flights of one cache. The zero value is ready.
type Group[T any] struct {
	landed atomic.Uint64
	mu     sync.Mutex
	calls  map[string]*Flight[T] // guarded by mu
}

// Landed counts the flights that have ended. Whoever finds nothing stored and
// then leads a flight compares the count of before: if it is the same, nobody
// stored anything in between.
func (g *Group[T]) Landed() uint64 { return g.landed.Load() }

// Len returns how many flights are under way.
func (g *Group[T]) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.calls)
}

// A Flight is a fill of one key under way.
type Flight[T any] struct {
	group  *Group[T]
	key    string
	node   *Node
	done   chan struct{} // closed when result is set or the waiters were released
	once   sync.Once     // closes done
	result Result[T]
	shared bool // result is set; written before done is closed
}

// Wait says how long, and on whose behalf, a caller may wait.
type Wait struct {
	Inside *Node         // the flight around this call, or nil
	Bound  time.Duration // at most so long; not above zero: not at all
	Olds   *Olds         // of the caller, who calls more than once; or nil
}

// Do runs lead for key, unless another caller is running it: then it waits for
// that one's result. The node that lead is given identifies the flight; its
// Release lets the waiters go.
func (g *Group[T]) Do(ctx context.Context, key string, w Wait, lead func(*Node) Result[T]) (Result[T], Outcome) {
	var until time.Time
	if w.Olds == nil {
		w.Olds = new(Olds)
	}
	for {
		n := NewNode(w.Inside)
		f, first := g.Join(key, n)
		if first {
			return f.lead(lead), Led
		}
		if until.IsZero() { // one bound for all the leaders that hand over
			until = time.Now().Add(w.Bound)
		} else if w.Bound = time.Until(until); w.Bound <= 0 {
			return Result[T]{}, Alone
		}
		result, outcome := f.Wait(ctx, w)
		if outcome != Waited || !result.Again {
			return result, outcome
		}
		if result.Old && !w.Olds.Another() {
			return Result[T]{}, Alone
		}
	}
}

// Join returns the flight of key. If first is true the caller leads it, as the
// node n, and must Land it whatever happens; until then others join it. One node
// may lead several flights.
func (g *Group[T]) Join(key string, n *Node) (f *Flight[T], first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f, ok := g.calls[key]; ok {
		return f, false
	}
	f = &Flight[T]{group: g, key: key, node: n, done: make(chan struct{})}
	n.OnRelease(f.end)
	if g.calls == nil {
		g.calls = make(map[string]*Flight[T])
	}
	g.calls[key] = f
	return f, true
}

// lead runs fill. Its deferred half also runs when fill panics or calls Goexit:
// the flight then ends with a result that means "begin anew".
func (f *Flight[T]) lead(fill func(*Node) Result[T]) Result[T] {
	result := Result[T]{Again: true}
	defer func() { f.Land(result) }()
	result = fill(f.node)
	return result
}

// Land ends the flight and hands its result to those who wait. Only the first
// call does anything, and none after Release.
func (f *Flight[T]) Land(result Result[T]) {
	f.once.Do(func() {
		f.result, f.shared = result, true
		f.group.forget(f.key, f)
		close(f.done)
	})
}

// end lets the waiters go without a result.
func (f *Flight[T]) end() {
	f.once.Do(func() {
		f.group.forget(f.key, f)
		close(f.done)
	})
}

// Forget makes the next caller of key lead, although a flight is under way. Its
// waiters keep waiting for it.
func (g *Group[T]) Forget(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.calls, key)
}

// forget ends a flight. It counts as landed before its key is free again, so
// that the next leader cannot miss it.
func (g *Group[T]) forget(key string, f *Flight[T]) {
	g.landed.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls[key] == f { // a later flight may have its place after Forget
		delete(g.calls, key)
	}
}

// Wait waits for the result of a flight that another leads.
func (f *Flight[T]) Wait(ctx context.Context, w Wait) (Result[T], Outcome) {
	if w.Bound <= 0 {
		return Result[T]{}, Busy
	}
	if !w.Inside.mayWaitFor(f.node) {
		return Result[T]{}, Alone
	}
	defer w.Inside.endWaitFor(f.node)
	timer := time.NewTimer(w.Bound)
	defer timer.Stop()
	select {
	case <-f.done:
		if !f.shared {
			return Result[T]{}, Released
		}
		return f.result, Waited
	case <-ctx.Done():
		return Result[T]{}, Left
	case <-timer.C:
		return Result[T]{}, Alone
	}
}
