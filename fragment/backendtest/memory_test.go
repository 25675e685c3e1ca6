package backendtest_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

const memoryLimit = 100_000

// memory is the plainest backend that keeps every promise.
type memory struct {
	mu sync.Mutex
	m  map[string][]byte // guarded by mu
}

func newMemory() *memory { return &memory{m: make(map[string][]byte)} }

func (m *memory) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok = m.m[key]
	return value, ok, nil
}

func (m *memory) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	if len(value) > memoryLimit {
		return fmt.Errorf("memory: %d bytes: %w", len(value), fragment.ErrTooLarge)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m != nil {
		m.m[key] = value
	}
	return nil
}

func (m *memory) Delete(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.m, key)
	}
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m = nil
	return nil
}

func (m *memory) InProcess() {}

// able is memory with every ability.
type able struct{ *memory }

func (a able) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found := make(map[string][]byte)
	for _, key := range keys {
		if value, ok, _ := a.Get(ctx, key); ok {
			found[key] = value
		}
	}
	return found, nil
}

func (a able) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	for key, value := range items {
		if err := a.Set(ctx, key, value, ttl); err != nil {
			return err
		}
	}
	return nil
}

func (a able) Usage() fragment.Usage {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fragment.Usage{Entries: int64(len(a.m))}
}

// distant is memory as another process would offer it, without abilities.
type distant struct{ fragment.Backend }
