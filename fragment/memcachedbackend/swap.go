package memcachedbackend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// Swap implements fragment.Swapper, in two trips or, of large values, some more:
//
//	what is there is read, with a number that memcached gives each write of a key
//	if it is old, value is stored unless that number has changed
//
// Of a large value the number is that of the head, whose parts nobody changes.
// Where the server was started with -C, the error wraps errors.ErrUnsupported.
func (b *Backend) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	name := nameOf(key)
	s := b.server(name)
	held, err := s.one(ctx, wire.Command{Op: wire.Get, Key: name})
	if err != nil {
		return false, err
	}
	there, ok, err := s.valueOf(ctx, &held)
	if !ok || err != nil || !bytes.Equal(there, old) {
		return false, err
	}
	if held.CAS == 0 {
		return false, fmt.Errorf("memcachedbackend: swap at %s: the server cannot compare and swap: start memcached without -C: %w", s.name, errors.ErrUnsupported)
	}
	c := wire.Command{Op: wire.Swap, Key: name, Value: value, Expires: expires(ttl, time.Now()), CAS: held.CAS}
	if b.isLarge(&c) {
		return b.storeParts(ctx, s, c, &held)
	}
	swapped, err = s.did(ctx, &c)
	if h, ok := headOf(&held); ok && swapped {
		s.remove(ctx, h.names())
	}
	return swapped, err
}

// valueOf is the value that a reply to a Get holds, or names; ok is false if there
// is none, or not the whole of it.
func (s *server) valueOf(ctx context.Context, r *wire.Reply) (value []byte, ok bool, err error) {
	switch {
	case r.Status == wire.Missing:
		return nil, false, nil
	case r.Flags != headFlags:
		return r.Value, true, nil
	}
	return join(ctx, s, r.Value)
}

var _ fragment.Swapper = (*Backend)(nil)
