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
}

// Outcome tells how a call of Do ended.
type Outcome int

// The outcomes of Do.
const (
	Led    Outcome = iota // this caller ran the function
	Waited                // another ran it, and this is its result
	Alone                 // no result: this caller should run the function for itself
	Left                  // no result: the caller's context ended
	Busy                  // no result: another is running it and the caller does not want to wait
)

// A Group holds the flights of one cache. The zero value is ready.
type Group[T any] struct {
	landed atomic.Uint64
	mu     sync.Mutex
	calls  map[string]*call[T] // guarded by mu
}

// Landed counts the flights that have ended. Whoever finds nothing stored and
// then leads a flight compares the count of before: if it is the same, nobody
// stored anything in between.
func (g *Group[T]) Landed() uint64 { return g.landed.Load() }

type call[T any] struct {
	node   *Node
	done   chan struct{} // closed when result is set or the waiters were released
	once   sync.Once     // closes done
	result Result[T]
	shared bool // result is set; written before done is closed
}

// Wait says how long, and on whose behalf, a caller of Do may wait.
type Wait struct {
	Inside *Node         // the flight around this call, or nil
	Bound  time.Duration // at most so long; not above zero: not at all
}

// Do runs lead for key, unless another caller is running it: then it waits for
// that one's result. The node that lead is given identifies the flight; its
// Release lets the waiters go.
func (g *Group[T]) Do(ctx context.Context, key string, w Wait, lead func(*Node) Result[T]) (Result[T], Outcome) {
	var timer *time.Timer
	for {
		c, first := g.join(key, w.Inside)
		if first {
			return g.lead(key, c, lead), Led
		}
		if w.Bound <= 0 {
			return Result[T]{}, Busy
		}
		if !w.Inside.mayWaitFor(c.node) {
			return Result[T]{}, Alone
		}
		if timer == nil { // one bound for all the leaders that hand over
			timer = time.NewTimer(w.Bound)
			defer timer.Stop()
		}
		outcome := c.wait(ctx, timer)
		w.Inside.endWaitFor(c.node)
		if outcome != Waited {
			return Result[T]{}, outcome
		}
		if !c.result.Again {
			return c.result, Waited
		}
	}
}

func (g *Group[T]) join(key string, inside *Node) (c *call[T], first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.calls[key]; ok {
		return c, false
	}
	c = &call[T]{done: make(chan struct{})}
	c.node = &Node{parent: inside, release: func() { g.end(key, c) }}
	if g.calls == nil {
		g.calls = make(map[string]*call[T])
	}
	g.calls[key] = c
	return c, true
}

// lead runs f. Its deferred half also runs when f panics or calls Goexit: the
// call then ends with a result that means "begin anew".
func (g *Group[T]) lead(key string, c *call[T], f func(*Node) Result[T]) Result[T] {
	result := Result[T]{Again: true}
	defer func() {
		c.once.Do(func() {
			c.result, c.shared = result, true
			g.forget(key, c)
			close(c.done)
		})
	}()
	result = f(c.node)
	return result
}

// end lets the waiters of c go without a result.
func (g *Group[T]) end(key string, c *call[T]) {
	c.once.Do(func() {
		g.forget(key, c)
		close(c.done)
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
func (g *Group[T]) forget(key string, c *call[T]) {
	g.landed.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls[key] == c { // a later flight may have its place after Forget
		delete(g.calls, key)
	}
}

func (c *call[T]) wait(ctx context.Context, timer *time.Timer) Outcome {
	select {
	case <-c.done:
		if !c.shared {
			return Alone
		}
		return Waited
	case <-ctx.Done():
		return Left
	case <-timer.C:
		return Alone
	}
}
