package fragment

import (
	"context"
	"sync"
	"time"
)

// Calls to a Backend of several shards: see Sharder. Each shard is asked for its
// share of the keys under its own breaker, all side by side; what fails costs the
// others nothing.

// callAt runs f, which calls the Backend that has key, with all that stands between.
func (c *core) callAt(ctx context.Context, key string, reads bool, f func(context.Context, Backend) error) error {
	if c.shared == nil {
		return guarded(func() error { return f(ctx, c.backend) })
	}
	return c.asks(ctx, c.shared.at(key), reads, f)
}

// callEach runs f for each shard that has some of keys, with those. The error tells,
// where there are several shards, of each what it was: see shardErrors.
func (c *core) callEach(ctx context.Context, keys []string, reads bool, f func(ctx context.Context, b Backend, keys []string) error) error {
	if !c.isSplit() {
		return c.callAt(ctx, "", reads, func(ctx context.Context, b Backend) error { return f(ctx, b, keys) })
	}
	shares := c.shared.split(keys)
	return c.eachShard(shares.used(), func(one *shard) error {
		return c.asks(ctx, one, reads, func(ctx context.Context, b Backend) error { return f(ctx, b, shares[one.no]) })
	})
}

// shares are keys by shard.
type shares [][]string

func (s *shared) split(keys []string) shares {
	of := make(shares, len(s.shards))
	for _, key := range keys {
		no := s.shardOf(key)
		of[no] = append(of[no], key)
	}
	return of
}

// used are the numbers of the shards that have some.
func (of shares) used() (some []int) {
	for no, keys := range of {
		if len(keys) > 0 {
			some = append(some, no)
		}
	}
	return some
}

// eachShard runs f for some shards, side by side, and returns shardErrors if it fails.
func (c *core) eachShard(some []int, f func(*shard) error) error {
	errs := make(shardErrors, len(c.shared.shards))
	var others sync.WaitGroup
	for i, no := range some {
		if i == len(some)-1 {
			errs[no] = f(c.shared.shards[no])
			break
		}
		others.Go(func() { errs[no] = f(c.shared.shards[no]) })
	}
	others.Wait()
	if len(errs.Unwrap()) == 0 {
		return nil
	}
	return errs
}

// getManySplit reads what the shards hold that answer. A shard that fails holds
// nothing.
func (c *core) getManySplit(ctx context.Context, reads bool, keys []string) (map[string][]byte, error) {
	parts := make([]map[string][]byte, len(c.shared.shards))
	shares := c.shared.split(keys)
	err := c.eachShard(shares.used(), func(one *shard) error {
		return c.asks(ctx, one, reads, func(ctx context.Context, b Backend) error {
			found, err := GetMany(ctx, b, shares[one.no])
			if err == nil {
				parts[one.no] = found
			}
			return err
		})
	})
	all := make(map[string][]byte, len(keys))
	for _, found := range parts {
		for key, value := range found {
			all[key] = value
		}
	}
	return all, err
}

// getIntoSplit is that for values[i] to become what is under keys[i].
func (c *core) getIntoSplit(ctx context.Context, keys []string, values [][]byte) error {
	found, err := c.getManySplit(ctx, true, keys)
	for i, key := range keys {
		value, ok := found[key]
		if ok && value == nil {
			value = []byte{}
		}
		values[i] = value
	}
	return err
}

// setManySplit writes what the shards take that answer.
func (c *core) setManySplit(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	shares := make([]map[string][]byte, len(c.shared.shards))
	var some []int
	for key, value := range items {
		no := c.shared.shardOf(key)
		if shares[no] == nil {
			shares[no] = make(map[string][]byte)
			some = append(some, no)
		}
		shares[no][key] = value
	}
	return c.eachShard(some, func(one *shard) error {
		return c.asks(ctx, one, false, func(ctx context.Context, b Backend) error { return SetMany(ctx, b, shares[one.no], ttl) })
	})
}
