package fragment_test

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// sharded is a Backend over several stores, which has them in an order of its own: in
// order are the numbers of the stores. Number 0 has the keys whose hash is 0, and so
// on, in all of them.
type sharded struct {
	order  []int
	stores []fragment.Backend // in that order
}

func newSharded(order []int, stores []fragment.Backend) *sharded {
	s := &sharded{order: order}
	for _, n := range order {
		s.stores = append(s.stores, stores[n])
	}
	return s
}

// numberOf is the number of the store that has key.
func numberOf(key string, stores int) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	sum := h.Sum32()
	return int(((sum ^ sum>>15) * 0x85ebca6b >> 8) % uint32(stores))
}

func (s *sharded) Shards() []fragment.Backend { return s.stores }
func (s *sharded) ShardOf(key string) int {
	return slices.Index(s.order, numberOf(key, len(s.order)))
}
func (s *sharded) of(key string) fragment.Backend { return s.stores[s.ShardOf(key)] }

func (s *sharded) Get(ctx context.Context, key string) ([]byte, bool, error) {
	return s.of(key).Get(ctx, key)
}

func (s *sharded) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.of(key).Set(ctx, key, value, ttl)
}

func (s *sharded) Delete(ctx context.Context, keys ...string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, s.of(key).Delete(ctx, key))
	}
	return errors.Join(errs...)
}

func (s *sharded) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	errs := []error{fragment.Touch(ctx, s.stores[0], ttl)}
	for _, key := range keys {
		errs = append(errs, fragment.Touch(ctx, s.of(key), ttl, key))
	}
	return errors.Join(errs...)
}

func (s *sharded) Lock(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	return fragment.Lock(ctx, s.of(key), key, owner, ttl)
}

func (s *sharded) Unlock(ctx context.Context, key, owner string) error {
	return fragment.Unlock(ctx, s.of(key), key, owner)
}

func (s *sharded) Watch(ctx context.Context, prefix string, changed func(keys ...string)) error {
	var errs []error
	for _, one := range s.stores {
		errs = append(errs, fragment.Watch(ctx, one, prefix, changed))
	}
	return errors.Join(errs...)
}

func (s *sharded) Close() error {
	var errs []error
	for _, one := range s.stores {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// orders are those in which processes may have three stores.
var orders = [][]int{{0, 1, 2}, {2, 0, 1}, {1, 0, 2}}
