package backendtest_test

import (
	"context"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// faultyAble is memory that adds or locks in another way.
type faultyAble struct {
	able
	add    func(a able, key string, value []byte, ttl time.Duration) (bool, error)
	lock   func(a able, key, owner string, ttl time.Duration) (bool, error)
	unlock func(a able, key, owner string) error
	delete func(a able, keys []string)
}

func (f *faultyAble) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if f.add != nil {
		return f.add(f.able, key, value, ttl)
	}
	return f.able.Add(ctx, key, value, ttl)
}

func (f *faultyAble) Lock(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	if f.lock != nil {
		return f.lock(f.able, key, owner, ttl)
	}
	return f.able.Lock(ctx, key, owner, ttl)
}

func (f *faultyAble) Unlock(ctx context.Context, key, owner string) error {
	if f.unlock != nil {
		return f.unlock(f.able, key, owner)
	}
	return f.able.Unlock(ctx, key, owner)
}

func (f *faultyAble) Delete(ctx context.Context, keys ...string) error {
	if f.delete != nil {
		f.delete(f.able, keys)
	}
	return f.able.Delete(ctx, keys...)
}

// adding, locking and unlocking return the opener of a memory with one call
// replaced.
func adding(add func(a able, key string, value []byte, ttl time.Duration) (bool, error)) func() fragment.Backend {
	return func() fragment.Backend { return &faultyAble{able: able{newMemory()}, add: add} }
}

func locking(lock func(a able, key, owner string, ttl time.Duration) (bool, error)) func() fragment.Backend {
	return func() fragment.Backend { return &faultyAble{able: able{newMemory()}, lock: lock} }
}

func unlocking(unlock func(a able, key, owner string) error) func() fragment.Backend {
	return func() fragment.Backend { return &faultyAble{able: able{newMemory()}, unlock: unlock} }
}

// addingOnce opens a backend that knows what it has added before, and does not
// notice that it was deleted.
func addingOnce() fragment.Backend {
	var before sync.Map
	return adding(func(a able, key string, value []byte, ttl time.Duration) (bool, error) {
		if _, known := before.LoadOrStore(key, true); known {
			return false, nil
		}
		return a.Add(background, key, value, ttl)
	})()
}

// halving adds half of a value when it is cancelled.
type halving struct{ able }

func (h halving) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if ctx.Err() != nil {
		value = value[:len(value)/2]
	}
	return h.able.Add(ctx, key, value, ttl)
}

// leasing opens a backend that confuses the keys of leases.
func leasing(rename func(string) string) func() fragment.Backend {
	return func() fragment.Backend {
		return &faultyAble{
			able: able{newMemory()},
			lock: func(a able, key, owner string, ttl time.Duration) (bool, error) {
				return a.Lock(background, rename(key), owner, ttl)
			},
			unlock: func(a able, key, owner string) error {
				return a.Unlock(background, rename(key), owner)
			},
		}
	}
}

// holder returns who has the lease on key.
func (a able) holder(key string) (owner string, held bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.leases[key]
	return l.owner, time.Now().Before(l.until)
}

// free ends the leases on keys, whoever has them.
func (a able) free(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		delete(a.leases, key)
	}
}
