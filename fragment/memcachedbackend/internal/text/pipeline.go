package text

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// pipeline sends several commands, none of which is a Get, before it reads the
// first reply: gomemcache waits for each. The replies are a few bytes each, so
// that a server can send them although nobody reads yet.
func (l *Link) pipeline(commands []wire.Command, replies []wire.Reply) error {
	out := bufio.NewWriter(l.conn)
	for i := range commands {
		if err := write(out, &commands[i]); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for i := range replies {
		line, err := l.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if replies[i], err = replyOf(strings.TrimRight(string(line), "\r\n")); err != nil {
			return err
		}
	}
	if !l.conn.complete(len(replies)) {
		return fmt.Errorf("%w: more than was asked for", wire.ErrGarbled)
	}
	return nil
}

func write(out *bufio.Writer, c *wire.Command) error {
	var err error
	switch c.Op {
	case wire.Set:
		fmt.Fprintf(out, "set %s %d %d %d\r\n", c.Key, c.Flags, c.Expires, len(c.Value))
		out.Write(c.Value)
		_, err = out.WriteString("\r\n")
	case wire.Delete:
		_, err = fmt.Fprintf(out, "delete %s\r\n", c.Key)
	case wire.Touch:
		_, err = fmt.Fprintf(out, "touch %s %d\r\n", c.Key, c.Expires)
	default:
		err = fmt.Errorf("several of %v in one trip: %w", c.Op, errors.ErrUnsupported)
	}
	return err
}

// replyOf reads a line. A server that has not understood a command may have taken
// what follows for others: then the replies no longer belong to the commands.
func replyOf(line string) (wire.Reply, error) {
	switch {
	case line == "STORED", line == "DELETED", line == "TOUCHED":
		return wire.Reply{Status: wire.OK}, nil
	case line == "NOT_FOUND":
		return wire.Reply{Status: wire.Missing}, nil
	case strings.HasPrefix(line, "SERVER_ERROR "):
		return refused(line), nil
	case strings.HasPrefix(line, "CLIENT_ERROR "), line == "ERROR":
		return wire.Reply{}, errors.New("the server says " + line)
	}
	return wire.Reply{}, wire.ErrGarbled
}
