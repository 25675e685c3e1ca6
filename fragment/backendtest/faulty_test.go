package backendtest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// faulty is memory with some of its calls replaced.
type faulty struct {
	*memory
	get    func(m *memory, ctx context.Context, key string) ([]byte, bool, error)
	set    func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error
	delete func(m *memory, ctx context.Context, keys []string) error
	close  func(m *memory) error
	used   fragment.Usage
}

func (f *faulty) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if f.get != nil {
		return f.get(f.memory, ctx, key)
	}
	return f.memory.Get(ctx, key)
}

func (f *faulty) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if f.set != nil {
		return f.set(f.memory, ctx, key, value, ttl)
	}
	return f.memory.Set(ctx, key, value, ttl)
}

func (f *faulty) Delete(ctx context.Context, keys ...string) error {
	if f.delete != nil {
		return f.delete(f.memory, ctx, keys)
	}
	return f.memory.Delete(ctx, keys...)
}

func (f *faulty) Close() error {
	if f.close != nil {
		return f.close(f.memory)
	}
	return f.memory.Close()
}

func (f *faulty) Usage() fragment.Usage { return f.used }

// faultyMany is memory with another way to get or set many.
type faultyMany struct {
	able
	getMany func(a able, keys []string) (map[string][]byte, error)
	setMany func(a able, items map[string][]byte) error
}

func (f faultyMany) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	if f.getMany != nil {
		return f.getMany(f.able, keys)
	}
	return f.able.GetMany(ctx, keys)
}

func (f faultyMany) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	if f.setMany != nil {
		return f.setMany(f.able, items)
	}
	return f.able.SetMany(ctx, items, ttl)
}

// faultyInto is memory that gets many with nil for what is empty.
type faultyInto struct{ able }

func (f faultyInto) GetInto(ctx context.Context, keys []string, values [][]byte) error {
	for i, key := range keys {
		value, _, _ := f.Get(ctx, key)
		values[i] = append([]byte(nil), value...)
	}
	return nil
}

// getting, setting and deleting return the opener of a memory with one call
// replaced.
func getting(get func(m *memory, ctx context.Context, key string) ([]byte, bool, error)) func() fragment.Backend {
	return func() fragment.Backend { return &faulty{memory: newMemory(), get: get} }
}

func setting(set func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error) func() fragment.Backend {
	return func() fragment.Backend { return &faulty{memory: newMemory(), set: set} }
}

func deleting(del func(m *memory, ctx context.Context, keys []string) error) func() fragment.Backend {
	return func() fragment.Backend { return &faulty{memory: newMemory(), delete: del} }
}

// distantly opens what open does as a backend that other processes use too.
func distantly(open func() fragment.Backend) func() fragment.Backend {
	return func() fragment.Backend { return distant{open()} }
}

// isStamp reports the key of one of the stamps by which processes tell each other
// what was invalidated.
func isStamp(key string) bool { return strings.HasPrefix(key, "backendtest~!") }

func setOnce(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if _, ok, _ := m.Get(ctx, key); ok {
		return nil
	}
	return m.Set(ctx, key, value, ttl)
}

func setCut(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.Set(ctx, key, value[:min(len(value), memoryLimit)], ttl)
}

// renaming opens a backend that confuses keys.
func renaming(rename func(string) string) func() fragment.Backend {
	return func() fragment.Backend {
		return &faulty{
			memory: newMemory(),
			get: func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
				return m.Get(ctx, rename(key))
			},
			set: func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
				return m.Set(ctx, rename(key), value, ttl)
			},
			delete: func(m *memory, ctx context.Context, keys []string) error {
				for _, key := range keys {
					m.Delete(ctx, rename(key))
				}
				return nil
			},
		}
	}
}

func sharingABuffer() fragment.Backend {
	var buffer atomic.Pointer[[]byte]
	return setting(func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
		buffer.Store(&value)
		runtime.Gosched()
		return m.Set(ctx, key, *buffer.Load(), ttl)
	})()
}

func servingOld() fragment.Backend {
	var gets atomic.Int64
	old := newMemory()
	return &faulty{
		memory: newMemory(),
		get: func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			if gets.Add(1)%7 == 0 {
				return old.Get(ctx, key)
			}
			return m.Get(ctx, key)
		},
		set: func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if before, ok, _ := m.Get(ctx, key); ok {
				old.Set(ctx, key, before, ttl)
			}
			return m.Set(ctx, key, value, ttl)
		},
	}
}

// laggingBehind opens a backend that answers with the stamp before the last one.
func laggingBehind() fragment.Backend {
	old := newMemory()
	return distant{&faulty{
		memory: newMemory(),
		get: func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
			if before, ok, _ := old.Get(ctx, key); ok {
				return before, true, nil
			}
			return m.Get(ctx, key)
		},
		set: func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
			if before, ok, _ := m.Get(ctx, key); ok && isStamp(key) {
				old.Set(ctx, key, before, ttl)
			}
			return m.Set(ctx, key, value, ttl)
		},
	}}
}

// leavingAnswers opens a backend that takes a while to answer, and whose answer
// to who has left meanwhile is read by who comes next.
func leavingAnswers() fragment.Backend {
	left := make(chan []byte, 1)
	return getting(func(m *memory, ctx context.Context, key string) ([]byte, bool, error) {
		value, ok, _ := m.Get(ctx, key)
		select {
		case before := <-left:
			return before, true, nil
		default:
		}
		select {
		case <-time.After(150 * time.Microsecond):
			return value, ok, nil
		case <-ctx.Done():
			left <- value
			return nil, false, fmt.Errorf("get: %w", ctx.Err())
		}
	})()
}

func panickingOnceClosed() fragment.Backend {
	var closed atomic.Bool
	f := &faulty{memory: newMemory()}
	f.set = func(m *memory, ctx context.Context, key string, value []byte, ttl time.Duration) error {
		if closed.Load() {
			panic("assignment to entry in nil map")
		}
		return m.Set(ctx, key, value, ttl)
	}
	f.close = func(m *memory) error {
		closed.Store(true)
		return m.Close()
	}
	return f
}
