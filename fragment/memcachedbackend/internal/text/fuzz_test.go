package text_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/text"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// A played connection says what it has in store and then ends.
type played struct {
	net.Conn
	replies bytes.Reader
}

func (p *played) Read(b []byte) (int, error)  { return p.replies.Read(b) }
func (p *played) Write(b []byte) (int, error) { return len(b), nil }
func (p *played) SetDeadline(time.Time) error { return nil }
func (p *played) Close() error                { return nil }
func (p *played) RemoteAddr() net.Addr        { return &net.TCPAddr{IP: net.IPv4zero} }

const largest = 1000

func exchange(said []byte, op wire.Op, keys ...string) ([]wire.Reply, error) {
	p := new(played)
	p.replies.Reset(said)
	commands, replies := make([]wire.Command, len(keys)), make([]wire.Reply, len(keys))
	for i, key := range keys {
		commands[i] = wire.Command{Op: op, Key: key}
	}
	return replies, text.NewLink(p, largest).Exchange(commands, replies)
}

// FuzzReplies has a server say anything: that is an error, or replies that are
// within bounds.
func FuzzReplies(f *testing.F) {
	for _, said := range []string{
		"", "END\r\n", "VALUE a 0 2\r\nhi\r\nEND\r\n", "VALUE a 0 2 7\r\nhi\r\nVALUE b 5 0 7\r\n\r\nEND\r\n", "STORED\r\n", "STORED\r\nNOT_FOUND\r\n",
		"VALUE a 0 4294967295\r\n", "VALUE a 0 -5\r\n", "SERVER_ERROR object too large for cache\r\n", "CLIENT_ERROR bad\r\nERROR\r\n", "\n\n\n", "VALUE a\n0 1 2",
	} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, op := range []wire.Op{wire.Get, wire.Set, wire.Add, wire.Swap, wire.Delete, wire.Drop, wire.Touch} {
			for _, keys := range [][]string{{"a"}, {"a", "b"}} {
				got, err := exchange(said, op, keys...)
				for i := range got {
					if err == nil && len(got[i].Value) > largest {
						t.Errorf("%v: got a value of %d bytes, want %d at most", op, len(got[i].Value), largest)
					}
				}
			}
		}
		p := new(played)
		p.replies.Reset(said)
		text.Greet(p, "user", "password")
	})
}

func TestSeveralCommandsAreAnsweredInOrder(t *testing.T) {
	got, err := exchange([]byte("STORED\r\nSERVER_ERROR object too large for cache\r\nSERVER_ERROR out of memory\r\n"), wire.Set, "a", "b", "c")
	if err != nil || got[0].Status != wire.OK || got[1].Status != wire.TooLarge || got[2].Status != wire.Refused {
		t.Errorf("three sets: got %+v, error %v, want one stored and two refused", got, err)
	}
	for _, said := range []string{"STORED\r\n", "STORED\r\nSTORED\r\nSTORED\r\n", "STORED\r\nEND\r\n", "CLIENT_ERROR bad data chunk\r\nSTORED\r\n", "ERROR\r\nERROR\r\n"} {
		if got, err := exchange([]byte(said), wire.Set, "a", "b"); err == nil {
			t.Errorf("two sets answered by %q: got %+v, want an error", said, got)
		}
	}
	if _, err := exchange(nil, wire.Add, "a", "b"); err == nil {
		t.Error("two adds in one trip: got no error, want that it is not supported")
	}
}
