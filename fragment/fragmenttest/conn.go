package fragmenttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Conn is a connection to a Server, and a Backend that is not InProcess. It
// reads and writes many keys in one round trip, adds, touches, takes leases, and
// tells what others change. Bytes
// are copied on the way, as a network does.
type Conn struct {
	server *Server
	way    way // guarded by server.mu, as what follows
	closed bool
}

// ErrUnreachable is wrapped by the error of a call whose connection is cut, or
// whose server is down.
var ErrUnreachable = errors.New("fragmenttest: the server cannot be reached")

var errConnClosed = errors.New("fragmenttest: the connection is closed")

// Cut breaks the connection: every call fails with ErrUnreachable, at once.
// Other connections do not notice.
func (c *Conn) Cut() { c.server.turn(c, broken) }

// Hang lets every call wait until its ctx ends, or until Mend, Cut or Close is
// called.
func (c *Conn) Hang() { c.server.turn(c, stuck) }

// Mend ends Cut and Hang. Calls that hang go on.
func (c *Conn) Mend() { c.server.turn(c, free) }

// Get returns a copy of the value under key.
func (c *Conn) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	err = c.trip(ctx, func(s *Server) {
		s.trips.Get++
		value, ok = s.Raw(key)
	})
	return value, ok, err
}

// GetMany returns copies of the values under keys, of one moment.
func (c *Conn) GetMany(ctx context.Context, keys []string) (found map[string][]byte, err error) {
	found = make(map[string][]byte, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	err = c.trip(ctx, func(s *Server) {
		s.trips.GetMany++
		for _, key := range keys {
			if value, ok := s.Raw(key); ok {
				found[key] = value
			}
		}
	})
	return found, err
}

// Set stores a copy of value under key for ttl.
func (c *Conn) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return c.trip(ctx, func(s *Server) {
		s.trips.Set++
		s.store(key, value, ttl)
		s.tell(c, key)
	})
}

// SetMany stores copies of the items, all or none.
func (c *Conn) SetMany(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	if len(items) == 0 {
		return nil
	}
	return c.trip(ctx, func(s *Server) {
		s.trips.SetMany++
		for key, value := range items {
			s.store(key, value, ttl)
			s.tell(c, key)
		}
	})
}

// Delete removes the keys.
func (c *Conn) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return c.trip(ctx, func(s *Server) {
		s.trips.Delete++
		s.remove(keys)
		s.tell(c, keys...)
	})
}

// Touch gives what is under keys a new life.
func (c *Conn) Touch(ctx context.Context, ttl time.Duration, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return c.trip(ctx, func(s *Server) {
		s.trips.Touch++
		s.touch(ttl, keys)
		s.tell(c, keys...)
	})
}

// Close ends the connection. What the server holds stays; calls after it are
// errors.
func (c *Conn) Close() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.closed = true
	c.server.changed.fire()
	return nil
}

// store sets one entry. The caller holds mu.
func (s *Server) store(key string, value []byte, ttl time.Duration) {
	s.set(key, kept{value: slices.Clone(value), ttl: ttl, until: after(ttl)})
}

// trip runs work on the server as one step, once the call gets there.
func (c *Conn) trip(ctx context.Context, work func(s *Server)) error {
	for {
		changed, err := c.try(ctx, work)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// try is trip, but where the call hangs it returns what tells of a change.
func (c *Conn) try(ctx context.Context, work func(s *Server)) (changed <-chan struct{}, err error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	way := c.way
	if way == free {
		way = s.way
	}
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("fragmenttest: no answer from the server: %w", ctx.Err())
	case c.closed:
		err = errConnClosed
	case way == broken:
		err = ErrUnreachable
	case way == stuck:
		return s.changed.next(), nil
	default:
		work(s)
		return nil, nil
	}
	s.trips.Failed++
	return nil, err
}
