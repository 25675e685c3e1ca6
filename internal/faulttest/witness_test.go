package faulttest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// The passwords of the tests, none of which any event may tell.
const (
	oldPassword = "swordfish-of-before"
	newPassword = "swordfish-of-now"
)

// A witness keeps what a cache has told of faults.
type witness struct {
	mu      sync.Mutex
	faults  map[string]int // by reason and error; guarded by mu, as what follows
	breaker string         // as it was last told to be
	opened  time.Time      // when it first opened since reset
	closed  time.Time      // when it last closed
	leaked  []string
}

func newWitness() *witness { return &witness{faults: make(map[string]int), breaker: "closed"} }

func (w *witness) observe(_ context.Context, e fragment.Event) {
	if e.Kind != fragment.EventFault && e.Kind != fragment.EventBreaker {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Err != nil && (strings.Contains(e.Err.Error(), oldPassword) || strings.Contains(e.Err.Error(), newPassword)) {
		w.leaked = append(w.leaked, e.Err.Error())
	}
	if e.Err != nil {
		w.faults[e.Reason+": "+e.Err.Error()]++
	}
	if e.Kind == fragment.EventFault {
		return
	}
	w.breaker = e.Reason
	switch {
	case e.Reason == "open" && w.opened.IsZero():
		w.opened = time.Now()
	case e.Reason == "closed":
		w.closed = time.Now()
	}
}

// reset forgets what was told so far, but for the state of the breaker.
func (w *witness) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.faults)
	w.opened, w.closed = time.Time{}, time.Time{}
}

// state returns what the breaker was last told to be, and when it first opened.
func (w *witness) state() (now string, opened time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.breaker, w.opened
}

// has reports whether something was told of a fault whose text holds one of some.
func (w *witness) has(some ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for text := range w.faults {
		for _, one := range some {
			if strings.Contains(text, one) {
				return true
			}
		}
	}
	return false
}

// told requires that, and that no event tells a password.
func (w *witness) told(t *testing.T, some ...string) {
	t.Helper()
	if !w.has(some...) {
		t.Errorf("got the faults %v, want one with a text of %q", w.faults, some)
	}
	for _, leak := range w.leaked {
		t.Errorf("an event tells a password: %s", leak)
	}
}
