package memcachedbackend_test

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

// A resetter passes on to memcached what comes in. The first Set of a stamp for ever
// is carried out; then, before that is answered, meanwhile is called, and the
// connection is reset.
type resetter struct {
	addr, server string
	armed        sync.Once
	on           chan struct{} // closed: armed
	meanwhile    func()
}

func (r *resetter) serve(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r.addr = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.pass(c.(*net.TCPConn))
		}
	}()
}

func (r *resetter) pass(client *net.TCPConn) {
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		client.Close()
		return
	}
	defer server.Close()
	replies := make(chan []byte)
	go func() {
		defer close(replies)
		for buffer := make([]byte, 64<<10); ; {
			n, err := server.Read(buffer)
			if err != nil {
				return
			}
			replies <- append([]byte(nil), buffer[:n]...)
		}
	}()
	var held sync.Mutex // while a reply is not passed on
	go func() {
		for reply := range replies {
			held.Lock()
			client.Write(reply)
			held.Unlock()
		}
	}()
	in := bufio.NewReader(client)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			client.Close()
			return
		}
		words, reset := strings.Fields(line), false
		if len(words) >= 5 && words[0] == "set" {
			n, _ := strconv.Atoi(words[4])
			rest := make([]byte, n+2)
			for at := 0; at < len(rest); {
				m, err := in.Read(rest[at:])
				if err != nil {
					return
				}
				at += m
			}
			line += string(rest)
			isStamp := strings.Contains(words[1], "!") && !strings.HasSuffix(words[1], "!epoch") && words[3] == "0"
			select {
			case <-r.on:
				if isStamp {
					r.armed.Do(func() { reset = true })
				}
			default:
			}
		}
		if reset {
			held.Lock()
		}
		server.Write([]byte(line))
		if reset {
			time.Sleep(50 * time.Millisecond) // it is carried out
			r.meanwhile()
			client.SetLinger(0)
			client.Close()
			return
		}
	}
}

// Stamps are never the same again. One that is written a second time, because the
// first answer was lost, brings back what was invalidated in between.
func TestWriteThatWasCarriedOutIsNotRepeated(t *testing.T) {
	server := servers.Memcached(t)
	r := &resetter{server: server.Addr, on: make(chan struct{})}
	r.serve(t)
	open := func(addr string) *fragment.Cache {
		c, err := fragment.Open(t.Context(), "memcached://"+addr, fragment.Options{Prefix: "zz"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	here, there := open(r.addr), open(server.Addr)
	k, p, ctx := fragment.KeyOf("k"), fragment.Policy{TTL: time.Hour, Tags: []string{"t"}}, t.Context()
	give := func(v string) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return []byte(v), nil }
	}
	here.Do(ctx, k, p, give("first"))
	r.meanwhile = func() {
		there.Do(ctx, k, p, give("old"))
		if v, ok, _ := there.Get(ctx, k); !ok || string(v) != "old" {
			t.Errorf("got %q, %v: the test is wrong", v, ok)
		}
		if err := there.InvalidateTags(ctx, "t"); err != nil {
			t.Error(err)
		}
		if v, ok, _ := there.Get(ctx, k); ok {
			t.Errorf("got %q although it was invalidated", v)
		}
	}
	close(r.on)
	here.InvalidateTags(ctx, "t")
	for name, c := range map[string]*fragment.Cache{"here": here, "there": there} {
		if v, ok, _ := c.Get(ctx, k); ok {
			t.Errorf("%s: %q is back, which was invalidated", name, v)
		}
	}
}
