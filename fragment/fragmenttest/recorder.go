package fragmenttest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A Recorder keeps the events of one cache or of several, and says what it makes
// of them in the words of a test:
//
//	seen.Filled("user").Once(t)
//	seen.NotStored("page", "set-cookie").Times(t, 2)
//
// Its method Observe is for Options.Observe and Registry.Observe. The zero value
// is ready, and must not be copied once in use.
type Recorder struct {
	mu     sync.Mutex
	events []fragment.Event // guarded by mu, as what follows
	more   signal
}

// Observe keeps e.
func (r *Recorder) Observe(_ context.Context, e fragment.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	r.more.fire()
}

// Events returns what happened since the last Reset, in the order in which it
// was told: of some kinds, or all.
func (r *Recorder) Events(kinds ...fragment.EventKind) []fragment.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var some []fragment.Event
	for _, e := range r.events {
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			some = append(some, e)
		}
	}
	return some
}

// Reset forgets what happened so far.
func (r *Recorder) Reset() { r.Take() }

// Take returns what happened, a line an event, and forgets it. The lines are
// those of String.
func (r *Recorder) Take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := linesOf(r.events)
	r.events = nil
	return lines
}

// String returns what happened since the last Reset, a line an event, as in
// "skip page: set-cookie". The lines hold no times and no sizes, so that a test
// may compare them.
func (r *Recorder) String() string { return strings.Join(linesOf(r.Events()), "\n") }

// Nothing requires that nothing happened since the last Reset.
func (r *Recorder) Nothing(t testing.TB) {
	t.Helper()
	if events := r.Events(); len(events) > 0 {
		t.Errorf("nothing was to happen.%s", story(events))
	}
}
