package memcachedbackend_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend"
)

// says is a server that answers whatever it is asked with the same.
func says(t *testing.T, reply string) (addr string) {
	t.Helper()
	addr, _ = saysAndCounts(t, reply)
	return addr
}

// saysAndCounts is says that counts its connections.
func saysAndCounts(t *testing.T, reply string) (addr string, conns *atomic.Int64) {
	t.Helper()
	conns = new(atomic.Int64)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer conn.Close()
				for buffer := make([]byte, 4096); ; {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					io.WriteString(conn, reply)
				}
			}()
		}
	}()
	return l.Addr().String(), conns
}

// TestRepliesOfNoMemcachedAreErrors: what a server says that is none, or that is out of
// its mind, is never a value, takes no memory, and is not repeated in an error.
func TestRepliesOfNoMemcachedAreErrors(t *testing.T) {
	replies := map[string]string{
		"garbage":            "\x00\xff\x00\xffprivate\r\n",
		"another protocol":   "HTTP/1.1 400 Bad Request\r\nprivate: yes\r\n\r\n",
		"lines without end":  strings.Repeat("private", 10_000),
		"a huge value":       "VALUE key 0 4294967295\r\n",
		"a value below zero": "VALUE key 0 -1\r\nEND\r\n",
		"a size of letters":  "VALUE key 0 private\r\nEND\r\n",
		"no size":            "VALUE private\r\nEND\r\n",
		"a value too long":   "VALUE key 0 1\r\nprivate\r\nEND\r\n",
		"the value of another key, and then of nobody": "VALUE private 0 2\r\nhi\r\nEND\r\nEND\r\n",
		"an answer too many":                           "END\r\nVALUE key 0 2\r\nhi\r\nEND\r\n",
		"a server error":                               "SERVER_ERROR something\r\n",
		"an unknown command":                           "ERROR\r\n",
	}
	for name, reply := range replies {
		t.Run(name, func(t *testing.T) {
			b := opened(t, memcachedbackend.Options{Timeout: 200 * time.Millisecond}, says(t, reply))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, ok, err := b.Get(ctx, "key")
			if ok || err == nil || strings.Contains(err.Error(), "private") {
				t.Errorf("Get: got %q, ok %v, error %v, want an error that does not repeat it", got, ok, err)
			}
			if found, err := b.GetMany(ctx, []string{"key", "other"}); len(found) > 0 && name != "an answer too many" || err == nil {
				t.Errorf("GetMany: got %q, error %v, want an error", found, err)
			}
			for what, call := range map[string]func() error{
				"Set":     func() error { return b.Set(ctx, "key", []byte("value"), ttl) },
				"SetMany": func() error { return b.SetMany(ctx, map[string][]byte{"key": nil, "other": nil}, ttl) },
				"Delete":  func() error { return b.Delete(ctx, "key") },
				"Deletes": func() error { return b.Delete(ctx, "key", "other") },
				"Touch":   func() error { return b.Touch(ctx, ttl, "key", "other") },
				"Lock":    func() error { _, err := b.Lock(ctx, "key", "one", ttl); return err },
			} {
				if err := call(); err == nil || strings.Contains(err.Error(), "private") {
					t.Errorf("%s: got error %v, want one that does not repeat it", what, err)
				}
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("took %d bytes", took)
			}
		})
	}
}

// TestAnAnswerToAnotherQuestionIsNone is a connection that is out of step.
func TestAnAnswerToAnotherQuestionIsNone(t *testing.T) {
	b := opened(t, memcachedbackend.Options{}, says(t, "VALUE other 0 2\r\nhi\r\nEND\r\n"))
	if got, ok, _ := b.Get(ctx, "key"); ok {
		t.Errorf("Get: got %q, which is another key's, want none", got)
	}
	if found, _ := b.GetMany(ctx, []string{"key", "third"}); len(found) > 0 {
		t.Errorf("GetMany: got %q, which nobody asked for, want none", found)
	}
}

func TestSASLWithAServerOfGarbage(t *testing.T) {
	for _, reply := range []string{
		"garbage", "HTTP/1.1 400 Bad Request, and much more than a header has\r\n",
		"\x81\x20\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00",
		"\x81\x20\xff\xff\xff\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00P",
	} {
		b := opened(t, memcachedbackend.Options{SASL: true, User: user, Password: password, Timeout: 200 * time.Millisecond}, says(t, reply))
		bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
		if got, ok, err := b.Get(bounded, "key"); ok || err == nil || bytes.Contains([]byte(err.Error()), []byte(password)) {
			t.Errorf("Get from a server that says %q: got %q, ok %v, error %v, want an error", reply, got, ok, err)
		}
		cancel()
	}
}
