package fragment

import (
	"context"
	"time"
)

// A Backend keeps bytes under keys. It is the whole of what a store has to
// offer: expiry, tags, staleness and statistics are the Cache's.
//
// What the engine promises to a Backend:
//   - a key is 1 to 200 bytes of printable ASCII without a space;
//   - ttl is above zero, or Forever;
//   - neither the caller nor the engine changes value after Set, so that a
//     Backend may keep the slice itself.
//
// What a Backend promises:
//   - it is safe for concurrent use;
//   - an entry that is not there is ok == false with a nil error; an error
//     always means that something is wrong;
//   - a Get that begins after a Set, or a Delete, of its key has returned sees
//     that Set, or Delete, or nothing; entries may be dropped at any time;
//   - the value that Get returns is not changed by the Backend afterwards. The
//     engine does not change it either, so a Backend may share it;
//   - a value that it will not keep because of its size is an error that
//     wraps ErrTooLarge, and costs no other entry its place;
//   - the calls return soon after ctx has ended.
//
// The engine gives a Backend that is not InProcess 100 ms for a read and 1 s for
// a write, by the deadline of ctx; what takes longer is a fault, and a miss.
//
// The engine holds the exact deadline of an entry inside value. A Backend may
// use ttl to drop an entry that is past it, and may as well return it.
//
// Package backendtest tests all of this for any Backend.
type Backend interface {
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete removes the keys. A key that is not there is not an error.
	Delete(ctx context.Context, keys ...string) error
	// Close frees what the Backend holds. A second Close returns nil.
	Close() error
}

// InProcess is the ability of a Backend that belongs to this process alone.
// The engine then needs no deadline around its calls, and may read, change and
// write an entry under a lock of its own (Add and Increment).
type InProcess interface {
	InProcess()
}

func isInProcess(b Backend) bool {
	_, ok := b.(InProcess)
	return ok
}

// ManyGetter is the ability to read many keys in one round trip. What is
// absent from the map was not found.
type ManyGetter interface {
	GetMany(ctx context.Context, keys []string) (map[string][]byte, error)
}

// GetMany reads keys from b, in one round trip where b is a ManyGetter. When
// it returns an error, the map holds what was read before.
func GetMany(ctx context.Context, b Backend, keys []string) (map[string][]byte, error) {
	if m, ok := b.(ManyGetter); ok {
		return m.GetMany(ctx, keys)
	}
	found := make(map[string][]byte, len(keys))
	for _, key := range keys {
		value, ok, err := b.Get(ctx, key)
		if err != nil {
			return found, err
		}
		if ok {
			found[key] = value
		}
	}
	return found, nil
}

// ManySetter is the ability to write many entries in one round trip.
type ManySetter interface {
	SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error
}

// SetMany writes items to b, in one round trip where b is a ManySetter. When
// it returns an error, any of the items may have been written.
func SetMany(ctx context.Context, b Backend, items map[string][]byte, ttl time.Duration) error {
	if m, ok := b.(ManySetter); ok {
		return m.SetMany(ctx, items, ttl)
	}
	for key, value := range items {
		if err := b.Set(ctx, key, value, ttl); err != nil {
			return err
		}
	}
	return nil
}

// Usage tells how full a Backend is. A figure that it does not know is zero.
type Usage struct {
	Entries  int64 // live or not yet evicted
	Bytes    int64 // held now
	Capacity int64 // the bound in bytes
}

// Sizer is the ability to tell its Usage.
type Sizer interface {
	Usage() Usage
}

// UsageOf reports the Usage of b; ok is false where b cannot tell.
func UsageOf(b Backend) (u Usage, ok bool) {
	s, ok := b.(Sizer)
	if !ok {
		return Usage{}, false
	}
	return s.Usage(), true
}
