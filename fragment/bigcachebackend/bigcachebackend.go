package bigcachebackend

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/allegro/bigcache/v3"

	"github.com/pongocache/pongocache/fragment"
)

// Options are what a Backend is made of. The zero value is useful.
type Options struct {
	// Size bounds the memory in bytes, index included: at least 1 MiB. Zero is
	// DefaultSize.
	Size int64

	// Shards is the number of rings, each with a lock of its own: a power of
	// two that leaves 16 KiB to each of them. An entry is at most half a shard.
	// Zero chooses: 64, or fewer where they would have less than 1 MiB each.
	Shards int

	// Preallocate takes the memory of the rings at once. Without it they grow
	// as they are filled, and an empty Backend takes next to nothing.
	Preallocate bool
}

// DefaultSize is the Size of the zero Options.
const DefaultSize = 64 << 20

// A Backend keeps entries in a bigcache. It is made by New or, behind a
// fragment.Cache, by a URL.
type Backend struct {
	cache atomic.Pointer[rings] // nil once closed
	plan  plan
}

type rings struct {
	*bigcache.BigCache
	hot *hot
}

// New returns an empty Backend.
func New(o Options) (*Backend, error) {
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("bigcachebackend: Options.%s %s", option, why)
	}
	b := &Backend{plan: o.plan()}
	// Without a CleanWindow no goroutine is started, and ctx is not looked at.
	cache, err := bigcache.New(context.Background(), b.plan.config(o.Preallocate))
	if err != nil {
		return nil, fmt.Errorf("bigcachebackend: new: %w", err)
	}
	b.cache.Store(&rings{cache, newHot(b.plan.bound)})
	return b, nil
}

// Get implements fragment.Backend. The value may be shared with other callers.
func (b *Backend) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	cache := b.cache.Load()
	if cache == nil {
		return nil, false, nil
	}
	value, ok, lookup := cache.hot.get(key)
	if ok {
		return value, true, nil
	}
	kept, err := cache.Get(key)
	if err == bigcache.ErrEntryNotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("bigcachebackend: get: %w", err)
	}
	if value, ok = unpad(kept); !ok {
		return nil, false, fmt.Errorf("bigcachebackend: get: a value of %d bytes was not written by this backend", len(kept))
	}
	cache.hot.found(lookup, key, value)
	return value, true, nil
}

// Set implements fragment.Backend. The ttl is of no use here: space is what
// entries make way for.
func (b *Backend) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	cache := b.cache.Load()
	if cache == nil {
		return errClosed
	}
	// A shard that is given what it cannot hold drops all its entries first.
	if most := b.plan.largest - len(key); paddedLen(len(value)) > most {
		return fmt.Errorf("bigcachebackend: set: %d bytes, and half a shard leaves %d: %w", len(value), most, fragment.ErrTooLarge)
	}
	defer cache.hot.forget(key)
	var room [floor]byte
	if err := cache.Set(key, pad(value, room[:0])); err != nil {
		return fmt.Errorf("bigcachebackend: set: %w", err)
	}
	return nil
}

// Delete implements fragment.Backend.
func (b *Backend) Delete(_ context.Context, keys ...string) error {
	cache := b.cache.Load()
	if cache == nil {
		return errClosed
	}
	for _, key := range keys {
		err := cache.Delete(key)
		cache.hot.forget(key)
		if err != nil && err != bigcache.ErrEntryNotFound {
			return fmt.Errorf("bigcachebackend: delete: %w", err)
		}
	}
	return nil
}

// Close implements fragment.Backend. It lets go of the memory.
func (b *Backend) Close() error {
	b.cache.Store(nil) // there is no goroutine to stop
	return nil
}

// InProcess implements fragment.InProcess.
func (b *Backend) InProcess() {}

// Usage implements fragment.Sizer. Bytes are those of the rings, holes
// included, and an estimate of the index.
func (b *Backend) Usage() fragment.Usage {
	u := fragment.Usage{Capacity: b.plan.bound}
	if cache := b.cache.Load(); cache != nil {
		u.Entries = int64(cache.Len())
		u.Bytes = min(int64(cache.Capacity())+u.Entries*indexed, u.Capacity)
	}
	return u
}

var errClosed = errors.New("bigcachebackend: the backend is closed")
