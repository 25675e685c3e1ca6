package fragment

import (
	"context"
	"slices"
	"sync"
	"time"
)

// An Event is one thing that happened in a Cache, as told to Options.Observe.
// Fields that do not apply to its Kind are zero.
type Event struct {
	Kind     EventKind
	Cache    string        // name in the Registry, that of a fallback as in "pages (fallback)"; empty for a Cache without one
	Name     string        // of the key, never its parts
	Reason   string        // why it was skipped, missed or done
	Err      error         // of a fault or a failed fill
	Start    time.Time     // when it began; it ended Duration later
	Duration time.Duration // what it took: a lookup, a fill, a wait, a call that failed; of EventStore, the fill
	Size     int           // bytes of the value
	Tags     []string      // that were invalidated; not to be changed
	Shard    int           // of EventBreaker: whose it is, from 1 on, if the Backend is a Sharder
}

// EventKind tells what happened.
type EventKind uint8

// The kinds of events.
const (
	EventHit        EventKind = iota + 1 // a fresh value was served
	EventStale                           // a stale value was served
	EventMiss                            // nothing usable was found
	EventFill                            // a fill ended
	EventWait                            // a caller waited for the fill of another
	EventStore                           // an entry was written
	EventSkip                            // a value was served but not stored; Reason says why
	EventInvalidate                      // tags, keys or all entries were invalidated
	EventFault                           // the Backend failed, or held what is no entry; while it is down, each kind of failure of the tries once
	EventBreaker                         // a circuit breaker of the Backend opened or closed; Reason says which
)

var eventNames = [...]string{
	EventHit: "hit", EventStale: "stale", EventMiss: "miss", EventFill: "fill", EventWait: "wait",
	EventStore: "store", EventSkip: "skip", EventInvalidate: "invalidate", EventFault: "fault",
	EventBreaker: "breaker",
}

// String returns the kind as one word.
func (k EventKind) String() string {
	if int(k) < len(eventNames) && eventNames[k] != "" {
		return eventNames[k]
	}
	return "unknown"
}

// ObserveAll returns an observer that tells each Event to all of observers, in
// their order; those that are nil are left out.
func ObserveAll(observers ...func(context.Context, Event)) func(context.Context, Event) {
	some := slices.DeleteFunc(slices.Clone(observers), func(o func(context.Context, Event)) bool { return o == nil })
	return func(ctx context.Context, e Event) {
		for _, observe := range some {
			observe(ctx, e)
		}
	}
}

// tell hands an event to the observer. Callers on the hit path test for an
// observer first, so that no Event is built for nobody.
func (c *core) tell(ctx context.Context, e Event) {
	if c.observe == nil {
		return
	}
	e.Cache = c.label()
	switch {
	case e.Start.IsZero():
		e.Start = time.Now().Add(-e.Duration)
	case e.Duration == 0:
		e.Duration = time.Since(e.Start)
	}
	if held, ok := ctx.Value(heldKey{c}).(*heldEvents); ok {
		held.mu.Lock()
		defer held.mu.Unlock()
		held.events = append(held.events, e)
		return
	}
	c.observe(ctx, e)
}

// A heldKey is of one cache: its Backend may be built on another one.
type heldKey struct{ of *core }

// heldEvents come from all goroutines of a step.
type heldEvents struct {
	mu     sync.Mutex
	events []Event // guarded by mu
}

// hold keeps the events of a step back until tell is called, when its lanes are
// released: an observer may use the cache itself, and the same key.
func (c *core) hold(ctx context.Context) (held context.Context, tell func()) {
	if c.observe == nil {
		return ctx, func() {}
	}
	var kept heldEvents
	return context.WithValue(ctx, heldKey{c}, &kept), func() {
		for _, e := range kept.events {
			c.observe(ctx, e)
		}
	}
}
