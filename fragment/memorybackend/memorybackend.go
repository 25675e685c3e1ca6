package memorybackend

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Options are what a Backend is made of. The zero value is useful.
type Options struct {
	// Size bounds the memory in bytes that entries take, all that belongs to
	// them included: at least 1 MiB. Zero is DefaultSize.
	Size int64
}

// DefaultSize is the Size of the zero Options.
const DefaultSize = 64 << 20

const (
	mebibyte = 1 << 20
	minSize  = mebibyte
	maxSize  = 1 << 40
)

// problem tells which option is wrong and why; the reason continues a sentence
// that begins with the name of the option.
func (o Options) problem() (option, why string) {
	switch {
	case o.Size < 0 || o.Size > 0 && o.Size < minSize:
		return "Size", fmt.Sprintf("is %d bytes: want at least 1MiB", o.Size)
	case o.Size > maxSize:
		return "Size", fmt.Sprintf("is %d bytes: want at most %dGiB", o.Size, maxSize>>30)
	}
	return "", ""
}

// A Backend keeps entries in an otter cache. It is made by New or, behind a
// fragment.Cache, by a URL.
type Backend struct {
	store atomic.Pointer[store] // nil once closed
	size  int64
}

// New returns an empty Backend. It has a goroutine until it is closed.
func New(o Options) (*Backend, error) {
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("memorybackend: Options.%s %s", option, why)
	}
	b := &Backend{size: o.Size}
	if b.size == 0 {
		b.size = DefaultSize
	}
	s, err := newStore(b.size)
	if err != nil {
		return nil, fmt.Errorf("memorybackend: new: %w", err)
	}
	b.store.Store(s)
	return b, nil
}

// Get implements fragment.Backend. The value is that which was given to Set, and
// shared with all who get it.
func (b *Backend) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	s := b.store.Load()
	if s == nil {
		return nil, false, errClosed
	}
	value, ok = s.get(key)
	return value, ok, nil
}

// GetMany implements fragment.ManyGetter.
func (b *Backend) GetMany(_ context.Context, keys []string) (map[string][]byte, error) {
	s := b.store.Load()
	if s == nil {
		return nil, errClosed
	}
	found := make(map[string][]byte, len(keys))
	for _, key := range keys {
		if value, ok := s.get(key); ok {
			found[key] = value
		}
	}
	return found, nil
}

// Set implements fragment.Backend. It keeps value itself. The entry is gone when
// ttl is over, to the nanosecond.
func (b *Backend) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	s := b.store.Load()
	if s == nil {
		return errClosed
	}
	if weight := weigh(key, value); weight > s.largest {
		return fmt.Errorf("memorybackend: set: an entry of %d bytes, and a sixteenth of the size is %d: %w", weight, s.largest, fragment.ErrTooLarge)
	}
	s.set(key, kept{value, ttl})
	return nil
}

// Delete implements fragment.Backend.
func (b *Backend) Delete(_ context.Context, keys ...string) error {
	s := b.store.Load()
	if s == nil {
		return errClosed
	}
	for _, key := range keys {
		s.delete(key)
	}
	return nil
}

// Close implements fragment.Backend. It ends the goroutines and lets go of the
// memory.
func (b *Backend) Close() error {
	if s := b.store.Swap(nil); s != nil {
		s.close()
	}
	return nil
}

// InProcess implements fragment.InProcess.
func (b *Backend) InProcess() {}

// Usage implements fragment.Sizer. Bytes are what entries are counted for.
func (b *Backend) Usage() fragment.Usage {
	u := fragment.Usage{Capacity: b.size}
	if s := b.store.Load(); s != nil {
		s.cache.CleanUp() // what was written may not have been weighed yet
		u.Entries = int64(s.cache.EstimatedSize())
		u.Bytes = min(int64(s.cache.WeightedSize()), u.Capacity)
	}
	return u
}

var errClosed = errors.New("memorybackend: the backend is closed")
