package fragmenttest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Wrap returns b with the faults of f, present and future. It can do what b can:
// it is InProcess, adds and takes leases only if b does. Many keys are one call
// to the faults, whether b reads or writes them in one trip or not. One Faults
// may wrap several backends, which then share its faults, dice and counts; so do
// the shards of one that is a fragment.Sharder.
func (f *Faults) Wrap(b fragment.Backend) fragment.Backend {
	return able(&wrapped{f, b, f.shardsOf(b)})
}

// wrapped is a Backend that goes wrong. It has the abilities for which the
// engine falls back where they are missing; able adds the others.
type wrapped struct {
	f      *Faults
	b      fragment.Backend
	shards []fragment.Backend // if it is a Sharder
}

func (w *wrapped) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	_, err = w.f.around(ctx, Reads, func() error {
		value, ok, err = w.b.Get(ctx, key)
		return err
	})
	if err != nil || !ok {
		return nil, false, err
	}
	return w.f.damage(value), true, nil
}

func (w *wrapped) GetMany(ctx context.Context, keys []string) (found map[string][]byte, err error) {
	_, err = w.f.around(ctx, Reads, func() error {
		found, err = fragment.GetMany(ctx, w.b, keys)
		return err
	})
	damaged := make(map[string][]byte, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) { // so that the dice fall alike in every run
		damaged[key] = w.f.damage(found[key])
	}
	return damaged, err
}

func (w *wrapped) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := w.f.around(ctx, Writes, func() error { return w.b.Set(ctx, key, value, ttl) })
	return err
}

func (w *wrapped) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	_, err := w.f.around(ctx, Writes, func() error { return fragment.SetMany(ctx, w.b, items, ttl) })
	return err
}

// Swap reports a swap that was lost as done.
func (w *wrapped) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	if _, ok := w.b.(fragment.Swapper); !ok {
		return false, errors.ErrUnsupported
	}
	done, err := w.f.around(ctx, Writes, func() error {
		swapped, err = fragment.Swap(ctx, w.b, key, old, value, ttl)
		return err
	})
	return err == nil && (swapped || !done), err
}

func (w *wrapped) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	if len(keys) == 0 {
		return fragment.Touch(ctx, w.b, ttl)
	}
	_, err := w.f.around(ctx, Writes, func() error { return fragment.Touch(ctx, w.b, ttl, keys...) })
	return err
}

func (w *wrapped) Delete(ctx context.Context, keys ...string) error {
	_, err := w.f.around(ctx, Deletes, func() error { return w.b.Delete(ctx, keys...) })
	return err
}

// Watch is that of what is inside. News never goes wrong.
func (w *wrapped) Tell(prefix string) { fragment.Tell(w.b, prefix) }

func (w *wrapped) Watch(ctx context.Context, prefix string, changed func(keys ...string)) error {
	return fragment.Watch(ctx, w.b, prefix, changed)
}

func (w *wrapped) Close() error { return w.b.Close() }

// Usage is that of what is inside, or zero.
func (w *wrapped) Usage() fragment.Usage {
	u, _ := fragment.UsageOf(w.b)
	return u
}
