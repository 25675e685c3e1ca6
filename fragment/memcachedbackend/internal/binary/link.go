package binary

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A Link is a wire.Link.
type Link struct {
	conn    net.Conn
	reader  *bufio.Reader // empty between two exchanges
	writer  *bufio.Writer
	largest int
	opaque  uint32 // of the last frame
}

// slack is what a reply may have beside a value.
const slack = 512

// NewLink returns a Link on a new connection. A larger value than largest is not
// read.
func NewLink(conn net.Conn, largest int) *Link {
	return &Link{
		conn: conn, largest: largest + slack,
		reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn),
	}
}

// Exchange implements wire.Link.
func (l *Link) Exchange(commands []wire.Command, replies []wire.Reply) error {
	if l.reader.Buffered() > 0 {
		return fmt.Errorf("%w: one that was not asked for", wire.ErrGarbled)
	}
	if commands[0].Op == wire.Get && len(commands) > 1 {
		return l.getMany(commands, replies)
	}
	first := l.opaque + 1
	for i := range commands {
		if err := l.send(requestOf(&commands[i])); err != nil {
			return err
		}
	}
	if err := l.writer.Flush(); err != nil {
		return err
	}
	for i := range commands {
		got, err := l.receive(first+uint32(i), opcodeOf(commands[i].Op))
		if err != nil {
			return err
		}
		if replies[i], err = replyOf(&commands[i], &got); err != nil {
			return err
		}
	}
	return nil
}

// getMany sends gets that are answered only if there is something, and a frame
// that is always answered behind them.
func (l *Link) getMany(commands []wire.Command, replies []wire.Reply) error {
	first := l.opaque + 1
	for i := range commands {
		if err := l.send(request{op: opGetQuiet, key: commands[i].Key}); err != nil {
			return err
		}
		replies[i].Status = wire.Missing
	}
	if err := l.send(request{op: opNoop}); err != nil {
		return err
	}
	if err := l.writer.Flush(); err != nil {
		return err
	}
	return l.values(first, commands, replies)
}

// values reads the replies to gets from the frame first on, of which some are not
// answered.
func (l *Link) values(first uint32, commands []wire.Command, replies []wire.Reply) error {
	for next := 0; ; {
		got, err := readReply(l.reader, l.largest)
		if err != nil {
			return err
		}
		i := int(got.opaque - first)
		switch {
		case got.op == opNoop && i == len(commands):
			return nil
		case got.op != opGetQuiet || i < next || i >= len(commands):
			return fmt.Errorf("%w: one that was not asked for", wire.ErrGarbled)
		}
		if replies[i], err = replyOf(&commands[i], &got); err != nil {
			return err
		}
		next = i + 1
	}
}

func (l *Link) send(r request) error {
	l.opaque++
	r.opaque = l.opaque
	if _, err := l.writer.Write(r.head(l.writer.AvailableBuffer())); err != nil {
		return err
	}
	_, err := l.writer.Write(r.value)
	return err
}

// receive reads the reply to the frame opaque.
func (l *Link) receive(opaque uint32, op opcode) (reply, error) {
	got, err := readReply(l.reader, l.largest)
	if err == nil && (got.opaque != opaque || got.op != op) {
		return reply{}, fmt.Errorf("%w: one to another command", wire.ErrGarbled)
	}
	return got, err
}

func opcodeOf(op wire.Op) opcode {
	return [...]opcode{
		wire.Get: opGet, wire.Set: opSet, wire.Add: opAdd, wire.Swap: opSet,
		wire.Delete: opDelete, wire.Drop: opDelete, wire.Touch: opTouch,
	}[op]
}

func requestOf(c *wire.Command) request {
	r := request{op: opcodeOf(c.Op), key: c.Key}
	switch c.Op {
	case wire.Set, wire.Add, wire.Swap:
		r.value = c.Value
		r.extras = binary.BigEndian.AppendUint32(nil, c.Flags)
		r.extras = binary.BigEndian.AppendUint32(r.extras, uint32(c.Expires))
	case wire.Touch:
		r.extras = binary.BigEndian.AppendUint32(nil, uint32(c.Expires))
	}
	if c.Op == wire.Swap || c.Op == wire.Drop {
		r.cas = c.CAS
	}
	return r
}

// replyOf tells what a frame says to c.
func replyOf(c *wire.Command, got *reply) (wire.Reply, error) {
	switch got.status {
	case statusOK:
	case statusNotFound:
		return wire.Reply{Status: wire.Missing}, nil
	case statusExists, statusNotStored:
		return wire.Reply{Status: wire.Unstored}, nil
	case statusTooLarge:
		return wire.Reply{Status: wire.TooLarge, Why: why(got)}, nil
	default:
		if c.Op == wire.Get || got.status == statusAuth {
			return wire.Reply{}, fmt.Errorf("the server says %s", why(got))
		}
		return wire.Reply{Status: wire.Refused, Why: why(got)}, nil
	}
	r := wire.Reply{CAS: got.cas}
	if c.Op == wire.Get {
		if len(got.extras) != 4 {
			return wire.Reply{}, fmt.Errorf("%w: a value without flags", wire.ErrGarbled)
		}
		r.Value, r.Flags = got.value, binary.BigEndian.Uint32(got.extras)
	}
	return r, nil
}

// why is the text of a refusal, which memcached takes from a list of its own.
func why(got *reply) string {
	return fmt.Sprintf("status %#x, %.100q", uint16(got.status), got.value)
}
