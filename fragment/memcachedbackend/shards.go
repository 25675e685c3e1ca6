package memcachedbackend

import "github.com/pongocache/pongocache/fragment"

// Shards implements fragment.Sharder: each server is one. A Backend on one server is no
// Sharder, and returns none.
func (b *Backend) Shards() []fragment.Backend { return b.shards }

// ShardOf implements fragment.Sharder. It depends on the names of the servers, and not
// on their order.
func (b *Backend) ShardOf(key string) int { return b.ring.pick(nameOf(key)) }

// shardsOf returns a Backend on each of the servers of b, which share its connections.
func shardsOf(b *Backend) (shards []fragment.Backend) {
	if len(b.servers) == 1 {
		return nil
	}
	for i, s := range b.servers {
		shards = append(shards, &Backend{
			servers: b.servers[i : i+1], ring: newRing([]string{s.name}), largest: b.largest, large: b.large,
		})
	}
	return shards
}

var _ fragment.Sharder = (*Backend)(nil)
