package main_test

import (
	"context"
	"net"
	"net/http"
	"sync"

	main "github.com/pongocache/pongocache/example"
	"testing"
)

// visitInMemory starts the site on connections inside of this process. In a
// bubble of testing/synctest, where a socket would keep the clock from moving,
// they let a test wait five minutes in no time.
func visitInMemory(t *testing.T, config main.Config) *visitor {
	t.Helper()
	l := &memoryListener{dialled: make(chan net.Conn), closed: make(chan struct{})}
	return visitOver(t, config, l, &http.Transport{DialContext: l.dial})
}

type memoryListener struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *memoryListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.dialled <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.dialled:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "site.example" }
