package wire

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// A conn is a connection that belongs to one call at a time. That call's ctx
// bounds it: what speaks on it sets deadlines in vain, as it knows of no ctx.
type conn struct {
	net.Conn
	closed   atomic.Bool
	answered bool // something was read since bind
}

var past = time.Unix(1, 0)

// bind makes reads and writes fail once ctx has ended, or limit is past. The
// caller must call release before another ctx is bound; if that reports false
// then ctx has ended, and the connection may be stopped at any later time.
func (c *conn) bind(ctx context.Context, limit time.Time) (release func() bool) {
	c.answered = false
	c.Conn.SetDeadline(limit)
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { c.Conn.SetDeadline(past) })
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.answered = true
	}
	return n, err
}

func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.Conn.Close()
}
