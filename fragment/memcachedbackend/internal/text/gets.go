package text

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// getMany asks for several keys in one line. gomemcache's GetMulti does the same on a
// goroutine to each server, which here is always a single one: to start it and to
// wait for it doubled the time of a hit, as the engine asks for an entry and its
// stamps at once.
func (l *Link) getMany(commands []wire.Command, replies []wire.Reply) error {
	at := make(map[string]int, len(commands))
	var line strings.Builder
	line.WriteString("gets")
	for i := range commands {
		replies[i].Status = wire.Missing
		if _, again := at[commands[i].Key]; !again {
			at[commands[i].Key] = i
			line.WriteString(" " + commands[i].Key)
		}
	}
	line.WriteString("\r\n")
	if _, err := io.WriteString(l.conn, line.String()); err != nil {
		return err
	}
	if err := l.values(at, replies); err != nil {
		return err
	}
	for i := range commands { // a key may be asked for twice
		replies[i] = replies[at[commands[i].Key]]
	}
	return nil
}

// values reads what there is of the keys that are at these places of replies.
func (l *Link) values(at map[string]int, replies []wire.Reply) error {
	for {
		line, err := l.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if string(line) == "END\r\n" {
			return nil
		}
		fields := bytes.Fields(line)
		if len(fields) != 5 || string(fields[0]) != "VALUE" {
			return l.wrong()
		}
		i, asked := at[string(fields[1])]
		if !asked {
			return wire.ErrGarbled
		}
		if replies[i], err = l.value(fields[2:]); err != nil {
			return err
		}
	}
}

// value reads what follows a line with these numbers: flags, size and CAS. The
// guarded connection has seen to it that the size is not too large.
func (l *Link) value(numbers [][]byte) (wire.Reply, error) {
	flags, err1 := strconv.ParseUint(string(numbers[0]), 10, 32)
	size, err2 := strconv.ParseUint(string(numbers[1]), 10, 31)
	cas, err3 := strconv.ParseUint(string(numbers[2]), 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return wire.Reply{}, wire.ErrGarbled
	}
	whole := make([]byte, size+2)
	if _, err := io.ReadFull(l.reader, whole); err != nil {
		return wire.Reply{}, err
	}
	value, ok := bytes.CutSuffix(whole, []byte("\r\n"))
	if !ok {
		return wire.Reply{}, fmt.Errorf("%w: a value that does not end", wire.ErrGarbled)
	}
	return wire.Reply{Value: value[:len(value):len(value)], Flags: uint32(flags), CAS: cas}, nil
}

// wrong is the error of a line that is no part of an answer.
func (l *Link) wrong() error {
	if l.conn.refusal != "" {
		return fmt.Errorf("the server says %s", l.conn.refusal)
	}
	return wire.ErrGarbled
}
