package fragment_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// memory is the Backend of these tests: a map under a mutex. It keeps the very
// slices that it is given, and returns entries past their ttl; a Backend may do
// both.
type memory struct {
	mu      sync.Mutex
	entries map[string][]byte        // guarded by mu, as what follows
	ttls    map[string]time.Duration // of the last Set of each key
	closes  int
}

func newMemory() *memory {
	return &memory{entries: make(map[string][]byte), ttls: make(map[string]time.Duration)}
}

func (m *memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.entries[key]
	return value, ok, nil
}

func (m *memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[key], m.ttls[key] = value, ttl
	return nil
}

func (m *memory) Delete(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.entries, key)
	}
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closes++
	return nil
}

// keys returns under what entries are stored, in order.
func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.entries)), isStamp)
}

// isStamp reports the key of a stamp, of a Cache with a prefix or without.
func isStamp(key string) bool {
	return strings.HasPrefix(key, "!") || strings.Contains(key, "~!")
}

// only returns the one entry that is stored.
func (m *memory) only(t testing.TB) (key string, raw []byte) {
	t.Helper()
	keys := m.keys()
	if len(keys) != 1 {
		t.Fatalf("the backend holds %q, want one entry", keys)
	}
	raw, _, _ = m.Get(t.Context(), keys[0])
	return keys[0], raw
}

// ttl returns the ttl of the last Set of key.
func (m *memory) ttl(key string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ttls[key]
}

// local is a Backend that belongs to this process alone.
type local struct{ fragment.Backend }

func (local) InProcess() {}

// meddler stands before a Backend. Each hook that is set runs before the call
// and, by its error, takes the place of it.
type meddler struct {
	fragment.Backend
	get, set func(ctx context.Context, key string) error
	remove   func(ctx context.Context, keys []string) error
}

func (m *meddler) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if m.get != nil {
		if err := m.get(ctx, key); err != nil {
			return nil, false, err
		}
	}
	return m.Backend.Get(ctx, key)
}

func (m *meddler) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if m.set != nil {
		if err := m.set(ctx, key); err != nil {
			return err
		}
	}
	return m.Backend.Set(ctx, key, value, ttl)
}

func (m *meddler) Delete(ctx context.Context, keys ...string) error {
	if m.remove != nil {
		if err := m.remove(ctx, keys); err != nil {
			return err
		}
	}
	return m.Backend.Delete(ctx, keys...)
}
