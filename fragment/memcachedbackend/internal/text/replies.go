package text

import (
	"bytes"
	"fmt"
	"net"
	"strconv"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A guarded connection follows the replies that are read from it, for what
// gomemcache does not do: to bound the size of a value before memory is taken
// for it, to tell what an error reply says without the key that the
// library's own error may quote, and to see that a reply ends where the next
// command begins.
type guarded struct {
	net.Conn
	largest int // value, in bytes

	line    []byte // that has begun
	skip    int    // bytes of a value still to come, with their line end
	ended   int    // lines that end a reply
	refusal string // the last line that is an error of the server's
}

// longestLine is above that of any line that memcached sends: VALUE, a key of 250
// bytes and three numbers.
const longestLine = 1024

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if wrong := g.follow(p[:n]); wrong != nil {
		return 0, wrong
	}
	return n, err
}

// expect begins a reply.
func (g *guarded) expect() { g.ended, g.refusal = 0, "" }

// complete reports whether so many replies have come, and no byte more.
func (g *guarded) complete(replies int) bool {
	return g.ended == replies && len(g.line) == 0 && g.skip == 0
}

func (g *guarded) follow(p []byte) error {
	for len(p) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(p))
			g.skip -= n
			p = p[n:]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			end = len(p) - 1
		}
		g.line = append(g.line, p[:end+1]...)
		p = p[end+1:]
		if len(g.line) > longestLine {
			return fmt.Errorf("%w: a line of more than %d bytes", wire.ErrGarbled, longestLine)
		}
		if g.line[len(g.line)-1] == '\n' {
			if err := g.endLine(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *guarded) endLine() error {
	line := bytes.TrimRight(g.line, "\r\n")
	g.line = g.line[:0]
	if !bytes.HasPrefix(line, []byte("VALUE ")) {
		g.ended++
		if bytes.Contains(line, []byte("ERROR")) {
			g.refusal = string(line)
		}
		return nil
	}
	fields := bytes.Fields(line)
	if len(fields) < 4 {
		return fmt.Errorf("%w: a VALUE without a size", wire.ErrGarbled)
	}
	size, err := strconv.Atoi(string(fields[3]))
	if err != nil || size < 0 {
		return fmt.Errorf("%w: a VALUE without a size", wire.ErrGarbled)
	}
	if size > g.largest {
		return fmt.Errorf("a value of %d bytes, and the item size leaves %d: raise it, as memcached -I does", size, g.largest)
	}
	g.skip = size + len("\r\n")
	return nil
}
