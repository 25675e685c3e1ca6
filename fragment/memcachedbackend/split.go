package memcachedbackend

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A large value is stored as parts, under keys that nobody had before, and a head
// under the key of the entry, which names them. All are with the server of the
// entry. Parts come first, so that no head is ever seen without them:
//
//	the parts are written       nobody knows of them
//	the head is written         the value is there, and it is whole
//	the parts that an older head named are removed
//
// Whoever read that older head may not find its parts any more: a miss. The same
// is true of a head whose parts memcached has dropped to make room.

// isLarge reports whether c does not fit an item.
func (b *Backend) isLarge(c *wire.Command) bool { return len(c.Key)+len(c.Value) > b.largest }

// partSize is how much of a large value a part holds.
func (b *Backend) partSize() int {
	return b.largest - len(partName(make([]byte, generationSize), maxParts))
}

// refuses is the error of a large value that is not to be stored, or nil.
func (b *Backend) refuses(s *server, c *wire.Command) error {
	if b.large != Refuse && len(c.Value) <= maxParts*b.partSize() {
		return nil
	}
	return fmt.Errorf("memcachedbackend: %v at %s: %d bytes, and the item size leaves %d: %w",
		c.Op, s.name, len(c.Value), b.largest-len(c.Key), fragment.ErrTooLarge)
}

// storeLarge does a Set or an Add of a large value.
func (b *Backend) storeLarge(ctx context.Context, s *server, c wire.Command) (stored bool, err error) {
	if err := b.refuses(s, &c); err != nil {
		return false, err
	}
	before, err := s.one(ctx, wire.Command{Op: wire.Get, Key: c.Key})
	if err != nil || c.Op == wire.Add && before.Status == wire.OK {
		return false, err
	}
	return b.storeParts(ctx, s, c, &before)
}

// storeParts stores a large value as c says, where before was, whose parts go then.
func (b *Backend) storeParts(ctx context.Context, s *server, c wire.Command, before *wire.Reply) (stored bool, err error) {
	if err := b.refuses(s, &c); err != nil {
		return false, err
	}
	generation := make([]byte, generationSize)
	rand.Read(generation)
	h := newHead(c.Value, b.partSize(), generation)
	stored, err = s.writeLarge(ctx, c, h)
	if old, ok := headOf(before); ok && stored {
		s.remove(ctx, old.names())
	}
	return stored, err
}

// writeLarge writes the parts of h, and then h, as c says. What it has written for
// nothing it removes.
func (s *server) writeLarge(ctx context.Context, c wire.Command, h head) (stored bool, err error) {
	err = s.writeParts(ctx, h, c.Value, c.Expires)
	if err == nil {
		c.Value, c.Flags = h.encode(), headFlags
		stored, err = s.did(ctx, &c)
	}
	if err != nil {
		return false, s.undo(ctx, c, h, err)
	}
	if !stored { // somebody else has added meanwhile
		s.remove(ctx, h.names())
	}
	return stored, nil
}

func (s *server) writeParts(ctx context.Context, h head, value []byte, ends int32) error {
	var commands []wire.Command
	for i, name := range h.names() {
		part := value[i*h.partSize : min((i+1)*h.partSize, len(value))]
		commands = append(commands, wire.Command{Op: wire.Set, Key: name, Value: part, Expires: ends})
	}
	replies := make([]wire.Reply, len(commands))
	if err := s.do(ctx, commands, replies); err != nil {
		return err
	}
	for i := range replies {
		if err := s.refusal(&commands[i], &replies[i]); err != nil {
			return err
		}
	}
	return nil
}

// undo removes what a failed c has written. If it was a Set then what was there
// before is removed too: its caller must not find it afterwards.
func (s *server) undo(ctx context.Context, c wire.Command, h head, err error) error {
	names := h.names()
	if c.Op == wire.Set {
		names = append(names, c.Key)
	}
	return errors.Join(err, s.remove(ctx, names))
}

// remove removes what is under names, if there is time left. Parts that stay are of
// no head, and go when their ttl ends.
func (s *server) remove(ctx context.Context, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, cleaning)
	defer cancel()
	return s.do(ctx, commandsFor(wire.Command{Op: wire.Delete}, names), make([]wire.Reply, len(names)))
}

func commandsFor(c wire.Command, names []string) []wire.Command {
	commands := make([]wire.Command, len(names))
	for i, name := range names {
		commands[i] = c
		commands[i].Key = name
	}
	return commands
}

// join returns the value of a head, if all of it is there.
func join(ctx context.Context, s *server, raw []byte) (value []byte, ok bool, err error) {
	h, ok := decodeHead(raw)
	if !ok {
		return nil, false, nil
	}
	names := h.names()
	replies := make([]wire.Reply, len(names))
	if err := s.do(ctx, commandsFor(wire.Command{Op: wire.Get}, names), replies); err != nil {
		return nil, false, err
	}
	var parts [][]byte
	for i := range replies {
		if replies[i].Status == wire.Missing {
			return nil, false, nil
		}
		parts = append(parts, replies[i].Value)
	}
	value = bytes.Join(parts, nil)
	return value, h.describes(value), nil
}

// knownParts returns the parts of the large values under keys, by server, as far
// as this Backend would write any.
func (b *Backend) knownParts(ctx context.Context, keys []string) (parts [][]string, err error) {
	parts = make([][]string, len(b.servers))
	if b.large == Refuse {
		return parts, nil
	}
	commands, _ := b.byServer(wire.Command{Op: wire.Get}, keys)
	replies, err := b.each(ctx, commands)
	for i := range replies {
		for j := range replies[i] {
			if h, ok := headOf(&replies[i][j]); ok {
				parts[i] = append(parts[i], h.names()...)
			}
		}
	}
	return parts, err
}

// removeParts removes parts that no head names any more. Those that it cannot
// remove end by themselves.
func (b *Backend) removeParts(ctx context.Context, parts [][]string) {
	for i, names := range parts {
		if len(names) > 0 {
			b.servers[i].remove(ctx, names)
		}
	}
}

func (b *Backend) touchParts(ctx context.Context, parts [][]string, ends int32) error {
	commands := make([][]wire.Command, len(parts))
	for i, names := range parts {
		commands[i] = commandsFor(wire.Command{Op: wire.Touch, Expires: ends}, names)
	}
	_, err := b.each(ctx, commands)
	return err
}
