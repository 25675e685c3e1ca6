package fragment

import (
	"context"
	"errors"
	"time"
)

// InProcess is the ability of a Backend that belongs to this process alone.
// The engine then needs no deadline around its calls, keeps the stamps of tags
// in memory of its own, and may read, change and write an entry under a lock of
// its own (Add and Increment).
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

// Adder is the ability to write an entry only where there is none, as one step
// also beside other processes.
type Adder interface {
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
}

// Add writes an entry to b where there is none, and reports whether it did. Where
// b is no Adder the error is errors.ErrUnsupported.
func Add(ctx context.Context, b Backend, key string, value []byte, ttl time.Duration) (added bool, err error) {
	a, ok := b.(Adder)
	if !ok {
		return false, errors.ErrUnsupported
	}
	return a.Add(ctx, key, value, ttl)
}

// Swapper is the ability to replace what is stored only where it is what it was, as
// one step also beside other processes. Expire and Touch use it.
type Swapper interface {
	// Swap writes value under key if old is there, and reports whether it did.
	Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error)
}

// Swap replaces old by value in b, and reports whether it did. Where b is no
// Swapper the error is errors.ErrUnsupported.
func Swap(ctx context.Context, b Backend, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	s, ok := b.(Swapper)
	if !ok {
		return false, errors.ErrUnsupported
	}
	return s.Swap(ctx, key, old, value, ttl)
}

// Toucher is the ability to give what is stored a new life, from now on, as it
// is: also beside a process that changes it. A key that is not there is not an
// error. Without keys nothing is asked of the store; a wrapper then tells by its
// error, errors.ErrUnsupported, that what is inside of it cannot.
type Toucher interface {
	Touch(ctx context.Context, ttl time.Duration, keys ...string) error
}

// Touch gives what b holds under keys a new life. Where b is no Toucher the error
// is errors.ErrUnsupported.
func Touch(ctx context.Context, b Backend, ttl time.Duration, keys ...string) error {
	t, ok := b.(Toucher)
	if !ok {
		return errors.ErrUnsupported
	}
	return t.Touch(ctx, ttl, keys...)
}

// Watcher is the ability to tell what others change, so that copies of it can be
// kept nearer.
type Watcher interface {
	// Watch makes b call changed, from now until it is closed, with keys under
	// prefix that somebody else has set or deleted, or that have ended; without
	// keys it says that anything may have changed unnoticed. Of each value that
	// a later Get or GetMany of b returned, a change is told so, soon after it was
	// made; one that this b made itself need not be. changed must return soon,
	// and may be called by several goroutines. Watch is called once at most, and
	// before any other call. Its error says why b cannot: errors.ErrUnsupported if
	// it never will.
	Watch(ctx context.Context, prefix string, changed func(keys ...string)) error
}

// Watch watches b. Where b is no Watcher the error is errors.ErrUnsupported.
func Watch(ctx context.Context, b Backend, prefix string, changed func(keys ...string)) error {
	w, ok := b.(Watcher)
	if !ok {
		return errors.ErrUnsupported
	}
	return w.Watch(ctx, prefix, changed)
}

// Teller is the ability to tell those that Watch what this Backend changes, where
// the store itself does not.
type Teller interface {
	// Tell makes b tell what it changes under prefix, from now until it is closed.
	// It is called in place of Watch: once at most, and before any other call.
	Tell(prefix string)
}

// Tell has b tell what it changes, if it is a Teller.
func Tell(b Backend, prefix string) {
	if t, ok := b.(Teller); ok {
		t.Tell(prefix)
	}
}

// Locker is the ability to take leases, by which one process at a time fills a
// key. A lease on a key is no entry of that key; it ends by itself after ttl,
// also when its owner is no more.
type Locker interface {
	// Lock takes the lease on key for owner, and reports whether it did; not,
	// while another owner has it. An owner that has it already renews it.
	Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error)
	// Unlock ends the lease if owner has it.
	Unlock(ctx context.Context, key, owner string) error
}

// Lock takes the lease on key, and reports whether it did. Where b is no Locker
// the error is errors.ErrUnsupported.
func Lock(ctx context.Context, b Backend, key, owner string, ttl time.Duration) (ok bool, err error) {
	l, can := b.(Locker)
	if !can {
		return false, errors.ErrUnsupported
	}
	return l.Lock(ctx, key, owner, ttl)
}

// Unlock ends the lease on key if owner has it. Where b is no Locker the error
// is errors.ErrUnsupported.
func Unlock(ctx context.Context, b Backend, key, owner string) error {
	l, can := b.(Locker)
	if !can {
		return errors.ErrUnsupported
	}
	return l.Unlock(ctx, key, owner)
}

// Pinger is the ability to tell whether the store can be reached. A driver opens a
// Backend whether or not it can, unless its URL says otherwise; Open then asks, in
// the background, and tells of a failure.
type Pinger interface {
	Ping(ctx context.Context) error
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
