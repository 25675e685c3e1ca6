package memcachedbackend

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// GetMany implements fragment.ManyGetter: one trip to each server for each 200
// keys, all servers at once.
func (b *Backend) GetMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(keys))
	commands, keysOf := b.byServer(wire.Command{Op: wire.Get}, keys)
	replies, err := b.each(ctx, commands)
	for i := range replies {
		for j, reply := range replies[i] {
			switch key := keysOf[i][j]; {
			case reply.Status == wire.Missing:
			case reply.Flags != headFlags:
				found[key] = reply.Value
			default:
				value, ok, failed := join(ctx, b.servers[i], reply.Value)
				if err = errors.Join(err, failed); ok {
					found[key] = value
				}
			}
		}
	}
	return found, err
}

// SetMany implements fragment.ManySetter: one trip to each server for each 200
// entries, all servers at once. One that is refused is no hindrance to the others.
func (b *Backend) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	var failed error
	commands := make([][]wire.Command, len(b.servers))
	ends := expires(ttl, time.Now())
	for key, value := range items {
		c := wire.Command{Op: wire.Set, Key: nameOf(key), Value: value, Expires: ends}
		i := b.ring.pick(c.Key)
		if !b.isLarge(&c) {
			commands[i] = append(commands[i], c)
			continue
		}
		_, err := b.storeLarge(ctx, b.servers[i], c)
		failed = errors.Join(failed, err)
	}
	replies, err := b.each(ctx, commands)
	failed = errors.Join(failed, err)
	for i := range replies {
		for j := range replies[i] {
			failed = errors.Join(failed, b.servers[i].settle(ctx, &commands[i][j], &replies[i][j]))
		}
	}
	return failed
}

// all gives the command c to the entries of keys.
func (b *Backend) all(ctx context.Context, c wire.Command, keys []string) error {
	commands, _ := b.byServer(c, keys)
	replies, err := b.each(ctx, commands)
	for i := range replies {
		for j := range replies[i] {
			err = errors.Join(err, b.servers[i].refusal(&commands[i][j], &replies[i][j]))
		}
	}
	return err
}

// byServer returns c for each of keys, by server, and the keys in the same order.
func (b *Backend) byServer(c wire.Command, keys []string) (commands [][]wire.Command, keysOf [][]string) {
	commands, keysOf = make([][]wire.Command, len(b.servers)), make([][]string, len(b.servers))
	for _, key := range keys {
		c.Key = nameOf(key)
		i := b.ring.pick(c.Key)
		commands[i] = append(commands[i], c)
		keysOf[i] = append(keysOf[i], key)
	}
	return commands, keysOf
}

// each exchanges commands, which are by server, for replies. Those of a server that
// fails are left out.
func (b *Backend) each(ctx context.Context, commands [][]wire.Command) (replies [][]wire.Reply, err error) {
	replies = make([][]wire.Reply, len(commands))
	errs := make([]error, len(commands))
	ask := func(i int) {
		got := make([]wire.Reply, len(commands[i]))
		if errs[i] = b.servers[i].do(ctx, commands[i], got); errs[i] == nil {
			replies[i] = got
		}
	}
	var asked []int
	for i := range commands {
		if len(commands[i]) > 0 {
			asked = append(asked, i)
		}
	}
	if len(asked) == 0 {
		return replies, nil
	}
	var others sync.WaitGroup
	for _, i := range asked[1:] {
		others.Go(func() { ask(i) })
	}
	ask(asked[0])
	others.Wait()
	return replies, errors.Join(errs...)
}
