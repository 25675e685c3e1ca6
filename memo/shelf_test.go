package memo_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A shelf is a Backend for tests: a map.
type shelf struct {
	mu    sync.Mutex // protects items
	items map[string][]byte
	stuck bool // Delete fails
}

func (s *shelf) Get(_ context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.items[key]
	return slices.Clone(value), ok, nil
}

func (s *shelf) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items == nil {
		s.items = map[string][]byte{}
	}
	s.items[key] = slices.Clone(value)
	return nil
}

func (s *shelf) Delete(_ context.Context, keys ...string) error {
	if s.stuck {
		return errors.New("the shelf is stuck")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		delete(s.items, key)
	}
	return nil
}

func (s *shelf) Close() error { return nil }
func (s *shelf) InProcess()   {}

// newCache returns a cache on a shelf, and where its events are noted.
func newCache(t testing.TB) (*fragment.Cache, *events) {
	t.Helper()
	return cacheOn(t, &shelf{})
}

func cacheOn(t testing.TB, b fragment.Backend) (*fragment.Cache, *events) {
	t.Helper()
	seen := &events{}
	c, err := fragment.New(b, fragment.Options{Observe: seen.note})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, seen
}

type events struct {
	mu  sync.Mutex // protects all
	all []fragment.Event
}

func (e *events) note(_ context.Context, event fragment.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// skips returns the reasons why something was not stored.
func (e *events) skips() (reasons []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.all {
		if event.Kind == fragment.EventSkip {
			reasons = append(reasons, event.Reason)
		}
	}
	return reasons
}

func mustGet[V any](t testing.TB, v V, err error) V {
	t.Helper()
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return v
}
