package fragment

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An Ahead saves round trips to one who asks for the same keys again and again,
// one after the other, such as a page that is made of many blocks. It remembers
// the keys of the last few turns, and has each turn begin by fetching them at once;
// what is then asked for is often there already. The zero Ahead is ready. It may be
// used by many turns at once, and must not be copied.
//
//	ctx, done := ahead.Fetch(ctx)
//	defer done()
//	// … and then cache.Do(ctx, …), several times
//
// Do, Get, Has and TTL with that ctx answer as they would without, by the same
// rules, counts and Events, except that a change that another process makes may be
// seen up to 50 milliseconds later. What was changed by the same Cache is seen at once.
// Only fresh values are taken from what was fetched, each once; for all else the
// Backend is asked as ever. Calls inside of a fill that began after Fetch always
// ask it: what is stored must not be made of what was read before. All of a turn is of
// one request: see Request.
//
// Caches whose Backend belongs to this process take no part, and cost nothing; nor
// do copies of Options.Near, while they last. DoMany and its like make one trip
// anyway.
//
// An Ahead remembers at most 256 keys, of up to 300 bytes each; what the last three
// turns did not ask for is forgotten. So a key that depends on the visitor is
// fetched in vain a few times at most.
type Ahead struct {
	mu    sync.Mutex
	known []expected // guarded by mu
}

const (
	maxAhead     = 256
	maxAheadKey  = 300
	maxUnused    = 3
	aheadFor     = 50 * time.Millisecond
	leastToFetch = 2 // one alone takes one trip either way
)

// A place is where an entry is.
type place struct {
	core      *core
	name, key string
}

// An expected place was asked for not long ago.
type expected struct {
	place
	unused int // turns since then
}

// outside counts the open caches whose Backend is outside of this process: without
// any, Fetch has nothing to do.
var outside atomic.Int64

// Fetch begins a turn, and fetches what is expected of it. done ends the turn, and
// may be called once.
func (a *Ahead) Fetch(ctx context.Context) (inside context.Context, done func()) {
	if outside.Load() == 0 {
		return ctx, func() {}
	}
	ctx = Request(ctx)
	t := &turn{around: scopeOf(ctx), have: make(map[place]*fetched), seen: make(map[place]struct{})}
	t.fetch(ctx, a.expected())
	return context.WithValue(ctx, turnKey{}, t), func() { a.learn(t.end()) }
}

// expected returns the places that a turn is likely to ask for.
func (a *Ahead) expected() []place {
	a.mu.Lock()
	defer a.mu.Unlock()
	places := make([]place, len(a.known))
	for i, e := range a.known {
		places[i] = e.place
	}
	return places
}

// learn notes what a turn has asked for, each place once.
func (a *Ahead) learn(asked []place) {
	left := make(map[place]bool, len(asked))
	for _, p := range asked {
		left[p] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.known {
		e := &a.known[i]
		if e.unused++; left[e.place] {
			e.unused = 0
			delete(left, e.place)
		}
	}
	a.known = slices.DeleteFunc(a.known, func(e expected) bool { return e.unused > maxUnused })
	for _, p := range asked {
		if left[p] {
			a.note(p)
		}
	}
}

// note notes a place that is not known. Where there is no room it takes that of another
// one that was not asked for, the one for the longest time first.
func (a *Ahead) note(p place) {
	if len(a.known) < maxAhead {
		a.known = append(a.known, expected{place: p})
		return
	}
	oldest := 0
	for i, e := range a.known {
		if e.unused > a.known[oldest].unused {
			oldest = i
		}
	}
	if a.known[oldest].unused > 0 {
		a.known[oldest] = expected{place: p}
	}
}
