package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// A Pool keeps the connections to one server. It is safe for concurrent use.
//
// A call has a connection to itself. One on which anything went wrong, be it that
// the ctx of its call has ended, is closed: its answer may still come, and the
// next call would take that for its own.
type Pool struct {
	config Config
	slots  chan struct{} // full when all connections are in use
	done   chan struct{} // closed by Close

	mu     sync.Mutex
	idle   []*line        // the last used last; guarded by mu, as what follows
	open   map[*line]bool // idle ones and those in use
	closed bool
}

// Config is what a Pool is made of. All of it is required.
type Config struct {
	Conns   int           // at most that many connections, idle ones included
	Timeout time.Duration // of a call whose ctx ends later or never
	// Dial connects, and secures the connection.
	Dial func(ctx context.Context) (net.Conn, error)
	// Greet makes a new connection ready for commands.
	Greet func(conn net.Conn) (Link, error)
}

type line struct {
	conn *conn
	link Link
}

// NewPool returns a Pool without a connection.
func NewPool(c Config) *Pool {
	return &Pool{
		config: c, slots: make(chan struct{}, c.Conns), done: make(chan struct{}),
		open: make(map[*line]bool),
	}
}

// Do exchanges commands of one Op for replies in one trip. It returns once ctx has
// ended, whatever the server does.
func (p *Pool) Do(ctx context.Context, commands []Command, replies []Reply) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limit := time.Now().Add(p.config.Timeout)
	if end, ok := ctx.Deadline(); ok && end.Before(limit) {
		limit = end
	}
	if err := p.enter(ctx, limit); err != nil {
		return err
	}
	defer func() { <-p.slots }()
	again, err := p.try(ctx, limit, false, commands, replies)
	if again {
		_, err = p.try(ctx, limit, true, commands, replies)
	}
	return ended(ctx, err)
}

// errUnheard is the error of a server that does not speak the protocol.
var errUnheard = errors.New("the server closes a new connection without an answer: does it want TLS, or SASL, or none of that?")

// ended prefers to say that the time of a call was up.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}

// enter waits for a slot, which the caller must give back.
func (p *Pool) enter(ctx context.Context, limit time.Time) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(limit))
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return context.DeadlineExceeded
	}
}

// try exchanges on one connection, a new one if fresh. It reports again if the
// connection was an old one that the server, or what is between, had closed
// before: then a new one may do, and nothing was answered. What writes a value is
// not repeated, as it may have been done: an Add or a Swap would find itself, and a Set
// undo what another process has written since, such as the stamp of an invalidation. So
// an old connection is looked at before that is sent.
func (p *Pool) try(ctx context.Context, limit time.Time, fresh bool, commands []Command, replies []Reply) (again bool, err error) {
	one, err := p.take(ctx, limit, fresh)
	if err != nil {
		return false, err
	}
	used, writes := one.link != nil, commands[0].Op == Set || commands[0].Op == Add || commands[0].Op == Swap
	if used && writes && isOver(one.conn.Conn) {
		p.drop(one)
		p.dropIdle()
		return true, nil
	}
	clear(replies)
	release := one.conn.bind(ctx, limit)
	if !used {
		one.link, err = p.config.Greet(one.conn)
	}
	if err == nil {
		err = one.link.Exchange(commands, replies)
	}
	if !release() || err != nil || one.conn.closed.Load() {
		answered := one.conn.answered
		p.drop(one)
		if !used && !answered && errors.Is(err, io.EOF) {
			err = errUnheard
		}
		stale := used && err != nil && !answered && ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded)
		if stale {
			p.dropIdle() // they are no younger
		}
		return stale && !writes, err
	}
	p.put(one)
	return false, nil
}

// take returns an idle connection, or a new one, which has no link yet.
func (p *Pool) take(ctx context.Context, limit time.Time, fresh bool) (*line, error) {
	p.mu.Lock()
	closed, last := p.closed, len(p.idle)-1
	if !closed && !fresh && last >= 0 {
		one := p.idle[last]
		p.idle[last] = nil
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return one, nil
	}
	p.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	dialed, err := p.config.Dial(ctx)
	if err != nil {
		return nil, err
	}
	one := &line{conn: &conn{Conn: dialed}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		one.conn.Close()
		return nil, ErrClosed
	}
	p.open[one] = true
	return one, nil
}

func (p *Pool) put(one *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed { // who closed has closed this one, too
		return
	}
	p.idle = append(p.idle, one)
}

func (p *Pool) drop(one *line) {
	one.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, one)
}

// dropIdle closes what is idle. Without it, each of these would cost a later call
// a failure after the server has restarted.
func (p *Pool) dropIdle() {
	p.mu.Lock()
	old := slices.Clone(p.idle)
	p.idle = nil
	p.mu.Unlock()
	for _, one := range old {
		p.drop(one)
	}
}

// Close closes all connections: calls that are under way fail. A second Close does
// nothing.
func (p *Pool) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	open := p.open
	p.open, p.idle = nil, nil
	p.mu.Unlock()
	close(p.done)
	for one := range open {
		one.conn.Close()
	}
}
