package fragmenttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// Seen are the events of a Recorder that are alike: of one kind, of keys with
// one name, for one reason. Its methods require how often they happened since
// the last Reset; where they did not, the test fails with all that happened
// instead.
type Seen struct {
	in   *Recorder
	what string
	is   func(fragment.Event) bool
}

// Saw selects the events of a kind, of keys called name, whose reason or error
// contains reason. Name and reason may be empty, which is any.
func (r *Recorder) Saw(kind fragment.EventKind, name, reason string) Seen {
	what := kind.String()
	if name != "" {
		what += fmt.Sprintf(" of %q", name)
	}
	if reason != "" {
		what += fmt.Sprintf(" because of %q", reason)
	}
	return Seen{r, what, func(e fragment.Event) bool {
		return e.Kind == kind && (name == "" || e.Name == name) &&
			(strings.Contains(e.Reason, reason) || e.Err != nil && strings.Contains(e.Err.Error(), reason))
	}}
}

// Hit selects the fresh values served, of keys called name, or of all if name is
// empty. So do the methods that follow for other events.
func (r *Recorder) Hit(name string) Seen { return r.Saw(fragment.EventHit, name, "") }

// Stale selects the stale values served.
func (r *Recorder) Stale(name string) Seen { return r.Saw(fragment.EventStale, name, "") }

// Missed selects the lookups that found nothing usable.
func (r *Recorder) Missed(name string) Seen { return r.Saw(fragment.EventMiss, name, "") }

// Filled selects the fills that ended, well or not.
func (r *Recorder) Filled(name string) Seen { return r.Saw(fragment.EventFill, name, "") }

// Waited selects the callers who waited for the fill of another.
func (r *Recorder) Waited(name string) Seen { return r.Saw(fragment.EventWait, name, "") }

// Stored selects the entries written.
func (r *Recorder) Stored(name string) Seen { return r.Saw(fragment.EventStore, name, "") }

// NotStored selects the values that were not stored for a reason that contains
// reason: one that DoNotStore was given, or one of the engine's.
func (r *Recorder) NotStored(name, reason string) Seen {
	return r.Saw(fragment.EventSkip, name, reason)
}

// Faulted selects the failures of the Backend, and entries that were no entries,
// whose reason ("get", "set", "decode") or error contains reason.
func (r *Recorder) Faulted(name, reason string) Seen {
	return r.Saw(fragment.EventFault, name, reason)
}

// Invalidated selects the invalidations of tag; an empty tag is any invalidation,
// of tags, of keys or of all.
func (r *Recorder) Invalidated(tag string) Seen {
	seen := r.Saw(fragment.EventInvalidate, "", "")
	if tag == "" {
		return seen
	}
	return Seen{r, fmt.Sprintf("%s of the tag %q", seen.what, tag), func(e fragment.Event) bool {
		return seen.is(e) && slices.Contains(e.Tags, tag)
	}}
}

// Count returns how many there were.
func (s Seen) Count() int { return s.count(s.in.Events()) }

func (s Seen) count(events []fragment.Event) (n int) {
	for _, e := range events {
		if s.is(e) {
			n++
		}
	}
	return n
}

// Once requires that it happened once.
func (s Seen) Once(t testing.TB) {
	t.Helper()
	s.Times(t, 1)
}

// Never requires that it did not happen.
func (s Seen) Never(t testing.TB) {
	t.Helper()
	s.Times(t, 0)
}

// Times requires that it happened n times.
func (s Seen) Times(t testing.TB, n int) {
	t.Helper()
	events := s.in.Events()
	if got := s.count(events); got != n {
		t.Errorf("%s: got %s, want %s.%s", s.what, times(got), times(n), story(events))
	}
}

func times(n int) string {
	switch n {
	case 0:
		return "none"
	case 1:
		return "one"
	}
	return fmt.Sprint(n)
}
