package fragmenttest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// A Memory is a Backend over a map that belongs to this process alone. It keeps
// all that it is given, as the slices themselves, until it is closed: an entry
// whose ttl has passed is still there, so that a test sees what the Cache makes
// of it. The zero value is ready, and must not be copied once in use.
type Memory struct {
	entries
	closed atomic.Bool
}

var errMemoryClosed = errors.New("fragmenttest: the memory is closed")

// NewMemory returns a Memory that holds nothing.
func NewMemory() *Memory { return new(Memory) }

// Get returns the value itself, not a copy.
func (m *Memory) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	if m.closed.Load() {
		return nil, false, errMemoryClosed
	}
	k, ok := m.get(key)
	return k.value, ok, nil
}

// Set keeps the value itself, not a copy.
func (m *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if m.closed.Load() {
		return errMemoryClosed
	}
	m.set(key, kept{value: value, ttl: ttl})
	return nil
}

// Delete removes the keys.
func (m *Memory) Delete(_ context.Context, keys ...string) error {
	if m.closed.Load() {
		return errMemoryClosed
	}
	m.remove(keys)
	return nil
}

// Close drops all entries. Calls after it are errors.
func (m *Memory) Close() error {
	m.closed.Store(true)
	m.Evict(func(string) bool { return true })
	return nil
}

// Closed reports whether Close was called.
func (m *Memory) Closed() bool { return m.closed.Load() }

// InProcess says that nobody else writes to it.
func (m *Memory) InProcess() {}
