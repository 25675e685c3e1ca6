package redisbackend

import (
	"errors"
	"fmt"
	"math"
)

// A framing follows the replies on a connection and finds out what no server
// sends. rueidis trusts the lengths that it reads: it allocates what one says, and
// panics at a negative one, on a goroutine of its own.
type framing struct {
	skip   int   // bytes of a string that are still to come
	open   []int // items that are still to come in each of the lists that are open
	line   [24]byte
	length int // of line
	long   bool
}

const (
	maxString = DefaultMaxValue // that a server may send
	maxItems  = 1 << 20
	maxDepth  = 16
)

var errFraming = errors.New("what comes back is not the protocol of Redis: is it a Redis server that listens there?")

// feed looks at what was read.
func (f *framing) feed(piece []byte) error {
	for len(piece) > 0 {
		if f.skip > 0 {
			n := min(f.skip, len(piece))
			f.skip, piece = f.skip-n, piece[n:]
			continue
		}
		c := piece[0]
		piece = piece[1:]
		if c != '\n' {
			f.add(c)
			continue
		}
		if err := f.header(); err != nil {
			return err
		}
	}
	return nil
}

// add adds a byte to the line; what is beyond the head of a text is of no interest.
func (f *framing) add(c byte) {
	if f.length < len(f.line) {
		f.line[f.length] = c
		f.length++
		return
	}
	f.long = true
}

// header understands a line that has ended.
func (f *framing) header() error {
	line, long := f.line[:f.length], f.long
	f.length, f.long = 0, false
	if len(line) < 2 || !long && line[len(line)-1] != '\r' {
		return errFraming
	}
	switch kind := line[0]; kind {
	case '+', '-', ':', ',', '#', '(', '_':
		return f.item(0)
	case '$', '=', '!':
		n, err := size(line, long, maxString)
		if n >= 0 {
			f.skip = n + len("\r\n")
		}
		return errors.Join(err, f.item(0))
	case '*', '~', '>', '%', '|':
		n, err := size(line, long, maxItems)
		if kind == '%' || kind == '|' {
			n *= 2
		}
		if err != nil || kind != '|' {
			return errors.Join(err, f.item(n))
		}
		return f.descend(n) // attributes come before an item, and are none
	}
	return errFraming
}

// item counts one in the list that is open, and opens another of n items.
func (f *framing) item(n int) error {
	if last := len(f.open) - 1; last >= 0 {
		f.open[last]--
	}
	if n > 0 {
		return f.descend(n)
	}
	for last := len(f.open) - 1; last >= 0 && f.open[last] <= 0; last-- {
		f.open = f.open[:last]
	}
	return nil
}

func (f *framing) descend(n int) error {
	if n <= 0 {
		return nil
	}
	if len(f.open) == maxDepth {
		return errFraming
	}
	f.open = append(f.open, n)
	return nil
}

// size is the number behind the first byte of a line; -1 is that of what is not
// there.
func size(line []byte, long bool, most int) (int, error) {
	digits := line[1 : len(line)-1]
	if string(digits) == "-1" {
		return -1, nil
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' || n > math.MaxInt32 {
			return 0, errFraming
		}
		n = 10*n + int(c-'0')
	}
	if long || len(digits) == 0 || n > most {
		return 0, fmt.Errorf("a length in a reply is out of bounds: %w", errFraming)
	}
	return n, nil
}
