package memcachedbackend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A Backend keeps entries in memcached. It is made by New or, behind a
// fragment.Cache, by a URL.
type Backend struct {
	servers []*server
	ring    ring
	largest int // bytes that a key in memcached and a value may have together
	large   Large
	shards  []fragment.Backend // one on each server, if they are several
}

// overhead is more than memcached adds to a key and a value: a header, flags, a
// number for compare-and-swap, and line ends.
const overhead = 128

// New returns a Backend on servers, of the form host:port or host, which is port
// 11211. Which keys belong to which server follows from their names, so all
// processes must give them alike. ctx bounds Options.ConnectNow.
func New(ctx context.Context, servers []string, o Options) (*Backend, error) {
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("memcachedbackend: Options.%s %s", option, why)
	}
	names, why := serverNames(servers)
	if why != "" {
		return nil, errors.New("memcachedbackend: " + why)
	}
	o = o.withDefaults()
	b := &Backend{ring: newRing(names), largest: o.ItemSize - overhead, large: o.Large}
	for _, name := range names {
		b.servers = append(b.servers, newServer(name, o))
	}
	b.shards = shardsOf(b)
	if !o.ConnectNow {
		return b, nil
	}
	if err := b.Ping(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Ping implements fragment.Pinger. It asks each server for something: some
// questions it answers to anybody.
func (b *Backend) Ping(ctx context.Context) error {
	commands := make([][]wire.Command, len(b.servers))
	for i := range commands {
		commands[i] = []wire.Command{{Op: wire.Get, Key: pingName}}
	}
	_, err := b.each(ctx, commands)
	return err
}

// server is that of an entry, or of a lease on it, of that name.
func (b *Backend) server(name string) *server { return b.servers[b.ring.pick(name)] }

// Get implements fragment.Backend. A large value whose parts are not all there, or
// not what was written, is a miss.
func (b *Backend) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	name := nameOf(key)
	s := b.server(name)
	reply, err := s.one(ctx, wire.Command{Op: wire.Get, Key: name})
	if err != nil {
		return nil, false, err
	}
	return s.valueOf(ctx, &reply)
}

// Set implements fragment.Backend. After an error that wraps fragment.ErrTooLarge,
// or that tells that the server refuses the value, nothing is under key, unless
// it was this Backend that knew it to be too large: then what was there is still
// there.
func (b *Backend) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	name := nameOf(key)
	s := b.server(name)
	c := wire.Command{Op: wire.Set, Key: name, Value: value, Expires: expires(ttl, time.Now())}
	if b.isLarge(&c) {
		_, err := b.storeLarge(ctx, s, c)
		return err
	}
	reply, err := s.one(ctx, c)
	if err != nil {
		return err
	}
	return s.settle(ctx, &c, &reply)
}

// Delete implements fragment.Backend.
func (b *Backend) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 1 && b.large == Refuse {
		name := nameOf(keys[0])
		return b.server(name).delete(ctx, name)
	}
	parts, _ := b.knownParts(ctx, keys) // what cannot be read can still be deleted
	if err := b.all(ctx, wire.Command{Op: wire.Delete}, keys); err != nil {
		return err
	}
	b.removeParts(ctx, parts)
	return nil
}

// Add implements fragment.Adder.
func (b *Backend) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	name := nameOf(key)
	s := b.server(name)
	c := wire.Command{Op: wire.Add, Key: name, Value: value, Expires: expires(ttl, time.Now())}
	if b.isLarge(&c) {
		return b.storeLarge(ctx, s, c)
	}
	return s.did(ctx, &c)
}

// Touch implements fragment.Toucher.
func (b *Backend) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	parts, err := b.knownParts(ctx, keys)
	if err != nil {
		return err
	}
	touch := wire.Command{Op: wire.Touch, Expires: expires(ttl, time.Now())}
	// Parts first: a head lives no longer than they do.
	if err := b.touchParts(ctx, parts, touch.Expires); err != nil {
		return err
	}
	return b.all(ctx, touch, keys)
}

// Close implements fragment.Backend. It closes all connections; calls that are
// under way fail.
func (b *Backend) Close() error {
	for _, s := range b.servers {
		s.pool.Close()
	}
	return nil
}

var (
	_ fragment.ManyGetter = (*Backend)(nil)
	_ fragment.ManySetter = (*Backend)(nil)
	_ fragment.Adder      = (*Backend)(nil)
	_ fragment.Toucher    = (*Backend)(nil)
	_ fragment.Locker     = (*Backend)(nil)
)
