package fragmenttest

import (
	"slices"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// patience is how long Await waits for what may never come.
const patience = 10 * time.Second

// Await waits until it has happened at least once, for what other goroutines do.
// The event itself wakes it, in a testing/synctest bubble and outside of one. If
// none came within 10 s, the test ends. It must be called by the goroutine of
// the test.
func (s Seen) Await(t testing.TB) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		more, events := s.in.await(s)
		if more == nil {
			return
		}
		select {
		case <-more:
		case <-limit.C:
			t.Fatalf("%s: waited %v for it.%s", s.what, patience, story(events))
		}
	}
}

// await returns what tells of the next event, and those so far; or nil if s is
// among them.
func (r *Recorder) await(s Seen) (more <-chan struct{}, events []fragment.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.count(r.events) > 0 {
		return nil, nil
	}
	return r.more.next(), slices.Clone(r.events)
}
