package memcachedbackend

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/binary"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/text"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A server is one memcached. Its keys are its own for good: while it does not
// answer they are errors, which the engine takes for misses, and no other server
// steps in. If one did, an entry that is invalidated there meanwhile would come
// back, as it was before, with the server that still holds it.
type server struct {
	name string // host:port
	pool *wire.Pool
}

func newServer(name string, o Options) *server {
	return &server{name: name, pool: wire.NewPool(wire.Config{
		Conns:   o.Conns,
		Timeout: o.Timeout,
		Dial:    dialer(name, o.TLS),
		Greet:   greeter(o),
	})}
}

// greeter returns what makes a new connection one of the protocol, and of its
// user.
func greeter(o Options) func(conn net.Conn) (wire.Link, error) {
	if o.SASL {
		return func(conn net.Conn) (wire.Link, error) {
			link := binary.NewLink(conn, o.ItemSize)
			return link, link.Greet(o.User, o.Password)
		}
	}
	return func(conn net.Conn) (wire.Link, error) {
		if o.User != "" {
			if err := text.Greet(conn, o.User, o.Password); err != nil {
				return nil, err
			}
		}
		return text.NewLink(conn, o.ItemSize), nil
	}
}

// maxBatch is how many commands go in one trip: what is sent before a reply is
// read, other than values, fits the buffers of a connection, so that the server
// and we do not both wait for the other to read.
const maxBatch = 200

// do exchanges commands of one Op for replies.
func (s *server) do(ctx context.Context, commands []wire.Command, replies []wire.Reply) error {
	for len(commands) > 0 {
		n := min(len(commands), maxBatch)
		if err := s.pool.Do(ctx, commands[:n], replies[:n]); err != nil {
			return fmt.Errorf("memcachedbackend: %v at %s: %w", commands[0].Op, s.name, err)
		}
		commands, replies = commands[n:], replies[n:]
	}
	return nil
}

func (s *server) one(ctx context.Context, c wire.Command) (wire.Reply, error) {
	call := struct {
		commands [1]wire.Command
		replies  [1]wire.Reply
	}{commands: [1]wire.Command{c}}
	err := s.do(ctx, call.commands[:], call.replies[:])
	return call.replies[0], err
}

// refusal is the error of a command that the server has refused, or nil.
func (s *server) refusal(c *wire.Command, r *wire.Reply) error {
	switch r.Status {
	case wire.TooLarge:
		return fmt.Errorf("memcachedbackend: %v at %s: %d bytes, and the server says %q: is its -I less than the item size given here?: %w",
			c.Op, s.name, len(c.Value), r.Why, fragment.ErrTooLarge)
	case wire.Refused:
		return fmt.Errorf("memcachedbackend: %v at %s: the server says %q", c.Op, s.name, r.Why)
	}
	return nil
}

// did reports whether the server did what c says.
func (s *server) did(ctx context.Context, c *wire.Command) (done bool, err error) {
	reply, err := s.one(ctx, *c)
	if err != nil {
		return false, err
	}
	return reply.Status == wire.OK, s.refusal(c, &reply)
}

func (s *server) delete(ctx context.Context, name string) error {
	_, err := s.did(ctx, &wire.Command{Op: wire.Delete, Key: name})
	return err
}

// cleaning bounds what is done after a failure, within the same ctx.
const cleaning = time.Second

// settle returns the error of a Set that the server has refused, and removes what
// was under its key before: who set the new value must not find an old one.
// memcached does so itself in most cases.
func (s *server) settle(ctx context.Context, c *wire.Command, r *wire.Reply) error {
	err := s.refusal(c, r)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cleaning)
	defer cancel()
	if failed := s.delete(ctx, c.Key); failed != nil {
		return fmt.Errorf("%w; an older value may still be there: %w", err, failed)
	}
	return err
}
