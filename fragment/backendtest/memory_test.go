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
	mu     sync.Mutex
	m      map[string][]byte // guarded by mu, as what follows
	leases map[string]lease
}

// lease is on a key, for one owner.
type lease struct {
	owner string
	until time.Time
}

func newMemory() *memory { return &memory{m: make(map[string][]byte), leases: make(map[string]lease)} }

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

func (a able) Add(_ context.Context, key string, value []byte, _ time.Duration) (added bool, err error) {
	if len(value) > memoryLimit {
		return false, fmt.Errorf("memory: %d bytes: %w", len(value), fragment.ErrTooLarge)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.m[key]; there || a.m == nil {
		return false, nil
	}
	a.m[key] = value
	return true, nil
}

func (a able) Lock(_ context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if held := a.leases[key]; held.owner != owner && time.Now().Before(held.until) {
		return false, nil
	}
	a.leases[key] = lease{owner, time.Now().Add(ttl)}
	return true, nil
}

func (a able) Unlock(_ context.Context, key, owner string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leases[key].owner == owner {
		delete(a.leases, key)
	}
	return nil
}

// distant is memory as another process would offer it, without abilities.
type distant struct{ fragment.Backend }

// server is memory as another process would offer it, which adds and locks.
type server struct {
	fragment.Backend
	fragment.Adder
	fragment.Locker
}

func newServer() server {
	a := able{newMemory()}
	return server{a, a, a}
}
