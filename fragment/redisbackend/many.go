package redisbackend

import (
	"context"
	"slices"
	"time"

	"github.com/redis/rueidis"
)

// GetMany implements fragment.ManyGetter. A key that holds something other than a
// string is absent. In a cluster, each node is asked for its keys at the same
// time; an error of one leaves what the others answered.
func (b *Backend) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	c, err := b.enter(ctx)
	if err != nil {
		return found, b.fault("get many", err)
	}
	if c.Mode() != rueidis.ClientModeCluster && len(keys) <= manyKeys {
		err = take(found, keys, b.do(ctx, c, c.B().Mget().Key(keys...).Build()))
		return found, b.fault("get many", err)
	}
	return found, b.fault("get many", b.getGroups(ctx, c, keys, found))
}

// GetInto implements fragment.IntoGetter, as GetMany does fragment.ManyGetter.
func (b *Backend) GetInto(ctx context.Context, keys []string, values [][]byte) error {
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("get many", err)
	}
	if c.Mode() == rueidis.ClientModeCluster || len(keys) > manyKeys {
		found := make(map[string][]byte, len(keys))
		err := b.getGroups(ctx, c, keys, found)
		for i, key := range keys {
			if value, ok := found[key]; ok {
				values[i] = notNil(value)
			}
		}
		return b.fault("get many", err)
	}
	if len(keys) == 0 {
		b.gate.leave(nil)
		return nil
	}
	items, err := b.do(ctx, c, c.B().Mget().Key(keys...).Build()).ToArray()
	for i := range items[:min(len(items), len(keys))] {
		if bytes, err := items[i].AsBytes(); err == nil {
			values[i] = notNil(bytes)
		}
	}
	return b.fault("get many", err)
}

// notNil is a value that is there.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// getGroups adds to found what is under keys, by several commands.
func (b *Backend) getGroups(ctx context.Context, c rueidis.Client, keys []string, found map[string][]byte) (err error) {
	groups := slices.Collect(slices.Chunk(keys, manyKeys))
	if c.Mode() == rueidis.ClientModeCluster {
		groups = bySlot(keys)
	}
	cmds := make(rueidis.Commands, len(groups))
	for i, group := range groups {
		cmds[i] = c.B().Mget().Key(group...).Build()
	}
	for i, result := range b.doMany(ctx, c, cmds) {
		if failed := take(found, groups[i], result); failed != nil && err == nil {
			err = failed
		}
	}
	return err
}

// manyKeys is how many keys one command asks for: it keeps everybody else waiting.
const manyKeys = 10_000

// take adds the answer to an MGET of keys to found.
func take(found map[string][]byte, keys []string, result rueidis.RedisResult) error {
	values, err := result.ToArray()
	if err != nil {
		return err
	}
	for i, value := range values[:min(len(values), len(keys))] {
		if bytes, err := value.AsBytes(); err == nil {
			found[keys[i]] = bytes
		}
	}
	return nil
}

// SetMany implements fragment.ManySetter. When it returns an error, which is that
// of one item, some of the others may have been stored.
func (b *Backend) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	for _, value := range items {
		if err := b.fits(value); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		return nil
	}
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("set many", err)
	}
	cmds, keys := make(rueidis.Commands, 0, len(items)), make([]string, 0, len(items))
	for key, value := range items {
		cmds, keys = append(cmds, setting(c, key, value, ttl, false)), append(keys, key)
	}
	return b.fault("set many", firstError(b.writeMany(ctx, c, cmds, keys)))
}

// Touch implements fragment.Toucher.
func (b *Backend) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	c, err := b.enter(ctx)
	if err != nil {
		return b.fault("touch", err)
	}
	cmds := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		if ttl >= longest {
			cmds[i] = c.B().Persist().Key(key).Build()
		} else {
			cmds[i] = c.B().Pexpire().Key(key).Milliseconds(milliseconds(ttl)).Build()
		}
	}
	return b.fault("touch", firstError(b.doMany(ctx, c, cmds)))
}
