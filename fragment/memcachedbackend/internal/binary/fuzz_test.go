package binary_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	ours "github.com/pongocache/pongocache/fragment/memcachedbackend/internal/binary"
	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// frame is a reply.
func frame(op byte, status uint16, opaque uint32, cas uint64, extras, key, value string) []byte {
	raw := []byte{0x81, op}
	raw = binary.BigEndian.AppendUint16(raw, uint16(len(key)))
	raw = append(raw, byte(len(extras)), 0)
	raw = binary.BigEndian.AppendUint16(raw, status)
	raw = binary.BigEndian.AppendUint32(raw, uint32(len(extras)+len(key)+len(value)))
	raw = binary.BigEndian.AppendUint32(raw, opaque)
	raw = binary.BigEndian.AppendUint64(raw, cas)
	return append(raw, extras+key+value...)
}

// A played connection says what it has in store and then ends.
type played struct {
	net.Conn
	replies bytes.Reader
}

func (p *played) Read(b []byte) (int, error)  { return p.replies.Read(b) }
func (p *played) Write(b []byte) (int, error) { return len(b), nil }

const largest = 1000

func link(replies []byte) *ours.Link {
	p := new(played)
	p.replies.Reset(replies)
	return ours.NewLink(p, largest)
}

func exchange(l *ours.Link, op wire.Op, keys ...string) ([]wire.Reply, error) {
	commands, replies := make([]wire.Command, len(keys)), make([]wire.Reply, len(keys))
	for i, key := range keys {
		commands[i] = wire.Command{Op: op, Key: key}
	}
	return replies, l.Exchange(commands, replies)
}

// FuzzReplies has a server say anything: that is an error, or replies that are
// within bounds.
func FuzzReplies(f *testing.F) {
	noop := frame(0x0a, 0, 3, 0, "", "", "")
	f.Add([]byte{})
	f.Add([]byte("VALUE key 0 2\r\nhi\r\nEND\r\n"))
	f.Add(frame(0x00, 0, 1, 7, "\x00\x00\x00\x05", "", "value"))
	f.Add(append(frame(0x09, 0, 2, 7, "\x00\x00\x00\x05", "", "value"), noop...))
	f.Add(append(frame(0x09, 0, 1, 7, "\x00\x00\x00\x05", "k", "value"), noop...))
	f.Add(frame(0x01, 3, 1, 0, "", "", "Too large."))
	f.Add(frame(0x20, 0, 1, 0, "", "", "PLAIN"))
	f.Add([]byte("\x81\x00\xff\xff\xff\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, replies []byte) {
		for _, op := range []wire.Op{wire.Get, wire.Set, wire.Add, wire.Swap, wire.Delete, wire.Drop, wire.Touch} {
			for _, keys := range [][]string{{"a"}, {"a", "b"}} {
				got, err := exchange(link(replies), op, keys...)
				for i := range got {
					if err == nil && len(got[i].Value) > largest+512 {
						t.Errorf("%v: got a value of %d bytes, want %d at most", op, len(got[i].Value), largest)
					}
				}
			}
		}
		link(replies).Greet("user", "password")
	})
}

func TestReplies(t *testing.T) {
	value := frame(0x09, 0, 2, 7, "\x00\x00\x00\x05", "", "value")
	noop := frame(0x0a, 0, 3, 0, "", "", "")
	got, err := exchange(link(append(value, noop...)), wire.Get, "a", "b")
	if err != nil || got[0].Status != wire.Missing || string(got[1].Value) != "value" || got[1].Flags != 5 || got[1].CAS != 7 {
		t.Errorf("two gets, the second answered: got %+v, error %v", got, err)
	}
	wrong := map[string][]byte{
		"of another opcode":        frame(0x01, 0, 1, 7, "\x00\x00\x00\x05", "", "value"),
		"of another frame":         frame(0x00, 0, 2, 7, "\x00\x00\x00\x05", "", "value"),
		"without flags":            frame(0x00, 0, 1, 7, "", "", "value"),
		"too large":                frame(0x00, 0, 1, 7, "\x00\x00\x00\x05", "", string(make([]byte, 2000))),
		"cut off":                  frame(0x00, 0, 1, 7, "\x00\x00\x00\x05", "", "value")[:30],
		"cut off in its header":    frame(0x00, 0, 1, 7, "\x00\x00\x00\x05", "", "value")[:3],
		"that it has no right to":  frame(0x00, 0x20, 1, 0, "", "", "Auth failure."),
		"of a server without ends": bytes.Repeat([]byte{0x81}, 3000),
	}
	for name, raw := range wrong {
		if got, err := exchange(link(raw), wire.Get, "a"); err == nil {
			t.Errorf("a reply %s: got %+v, want an error", name, got)
		}
	}
	for name, raw := range map[string][]byte{
		"twice":             append(append(bytes.Clone(value), value...), noop...),
		"for a third frame": append(frame(0x09, 0, 9, 7, "\x00\x00\x00\x05", "", "value"), noop...),
		"without an end":    value,
	} {
		if got, err := exchange(link(raw), wire.Get, "a", "b"); err == nil {
			t.Errorf("gets that are answered %s: got %+v, want an error", name, got)
		}
	}
}

// TestWhatIsLeftOverIsNoReply has a reply too many, which the next call must not
// take for its own.
func TestWhatIsLeftOverIsNoReply(t *testing.T) {
	one := frame(0x00, 0, 1, 7, "\x00\x00\x00\x05", "", "value")
	l := link(append(one, frame(0x00, 0, 2, 7, "\x00\x00\x00\x05", "", "stale")...))
	if got, err := exchange(l, wire.Get, "a"); err != nil || string(got[0].Value) != "value" {
		t.Fatalf("the first: got %+v, error %v", got, err)
	}
	if got, err := exchange(l, wire.Get, "b"); err == nil {
		t.Errorf("the second: got %+v, want an error", got)
	}
}

var _ io.Reader = (*played)(nil)

func (p *played) SetDeadline(time.Time) error { return nil }
func (p *played) Close() error                { return nil }
