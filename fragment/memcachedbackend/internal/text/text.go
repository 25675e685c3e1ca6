// Package text speaks memcached's text protocol by gomemcache, one client to a
// connection.
//
// gomemcache has a pool of its own and knows of no ctx. Here a client never has
// more than the one connection that it is given, and that belongs to one call at a
// time, so that the ctx of that call can bound it (see package wire). Nothing has
// to run on a goroutine of its own, and be left behind there, when ctx ends. The
// price of the ctx is one context.AfterFunc a call.
package text

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A Link is a wire.Link.
type Link struct {
	client *memcache.Client
	conn   *guarded
	reader *bufio.Reader // of pipelines; empty between them
}

// NewLink returns a Link on a connection that is ready for commands. A larger
// value than largest is not read.
func NewLink(conn net.Conn, largest int) *Link {
	l := &Link{conn: &guarded{Conn: conn, largest: largest}}
	l.reader = bufio.NewReader(l.conn)
	l.client = memcache.NewFromSelector(only{conn.RemoteAddr()})
	l.client.MaxIdleConns = 1
	l.client.Timeout = math.MaxInt64 / 4 * time.Nanosecond // the connection's deadline is another one's
	dialed := false
	l.client.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if dialed {
			return nil, net.ErrClosed
		}
		dialed = true
		return l.conn, nil
	}
	return l
}

// only selects the one server that a connection goes to.
type only struct{ net.Addr }

func (o only) PickServer(string) (net.Addr, error)    { return o, nil }
func (o only) Each(call func(a net.Addr) error) error { return call(o) }

// Exchange implements wire.Link.
func (l *Link) Exchange(commands []wire.Command, replies []wire.Reply) error {
	l.conn.expect()
	if commands[0].Op == wire.Get {
		return l.get(commands, replies)
	}
	if len(commands) > 1 {
		return l.pipeline(commands, replies)
	}
	status, err := outcome(l.one(&commands[0]))
	if err != nil && l.conn.refusal == "" {
		return plain(err)
	}
	if !l.conn.complete(1) {
		return fmt.Errorf("%w: more than was asked for", wire.ErrGarbled)
	}
	if replies[0].Status = status; err != nil {
		replies[0] = refused(l.conn.refusal)
	}
	return nil
}

// one sends a single command that is no Get.
func (l *Link) one(c *wire.Command) error {
	item := &memcache.Item{Key: c.Key, Value: c.Value, Flags: c.Flags, Expiration: c.Expires, CasID: c.CAS}
	switch c.Op {
	case wire.Set:
		return l.client.Set(item)
	case wire.Add:
		return l.client.Add(item)
	case wire.Swap:
		return l.client.CompareAndSwap(item)
	case wire.Delete:
		return l.client.Delete(c.Key)
	case wire.Drop:
		item.Expiration = -1 // at once: there is no delete that compares
		return l.client.CompareAndSwap(item)
	default:
		return l.client.Touch(c.Key, c.Expires)
	}
}

// get asks for one key or several.
func (l *Link) get(commands []wire.Command, replies []wire.Reply) error {
	get := l.getOne
	if len(commands) > 1 {
		get = l.getMany
	}
	if err := get(commands, replies); err != nil {
		return err
	}
	if !l.conn.complete(1) {
		return fmt.Errorf("%w: more than was asked for", wire.ErrGarbled)
	}
	return nil
}

func (l *Link) getOne(commands []wire.Command, replies []wire.Reply) error {
	item, err := l.client.Get(commands[0].Key)
	switch {
	case errors.Is(err, memcache.ErrCacheMiss):
		replies[0].Status = wire.Missing
		return nil
	case err != nil && l.conn.refusal != "":
		return l.wrong()
	case err != nil:
		return plain(err)
	case item.Key != commands[0].Key:
		return wire.ErrGarbled
	}
	replies[0] = wire.Reply{Value: item.Value, Flags: item.Flags, CAS: item.CasID}
	return nil
}

// outcome is what an error of gomemcache tells of a command that was answered.
func outcome(err error) (wire.Status, error) {
	switch {
	case errors.Is(err, memcache.ErrCacheMiss):
		return wire.Missing, nil
	case errors.Is(err, memcache.ErrNotStored), errors.Is(err, memcache.ErrCASConflict):
		return wire.Unstored, nil
	}
	return wire.OK, err
}

// plain is err without what it may quote from a reply.
func plain(err error) error {
	if strings.HasPrefix(err.Error(), "memcache: ") {
		return wire.ErrGarbled
	}
	return err
}

// refused is the reply that a line such as "SERVER_ERROR object too large for
// cache" stands for.
func refused(line string) wire.Reply {
	if strings.Contains(line, "too large") {
		return wire.Reply{Status: wire.TooLarge, Why: line}
	}
	return wire.Reply{Status: wire.Refused, Why: line}
}
