package servers

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Proxy stands before a server and does to its replies what networks do.
type Proxy struct {
	Addr string // of the proxy

	delay   atomic.Int64 // of each piece of a reply
	cutting atomic.Int64 // so many bytes of the next replies come, and then a reset; negative: all
	refuses atomic.Bool

	to    string
	mu    sync.Mutex
	conns map[net.Conn]bool // guarded by mu
}

// NewProxy starts a proxy before the server at addr.
func NewProxy(t T, addr string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), to: addr, conns: make(map[net.Conn]bool)}
	p.cutting.Store(-1)
	t.Cleanup(func() {
		l.Close()
		p.Reset()
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

// Delay makes each piece of a reply take so long; zero ends that.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// CutAfter lets so many bytes of all replies from now on pass, and then resets
// their connection; a negative number ends that.
func (p *Proxy) CutAfter(n int) { p.cutting.Store(int64(n)) }

// Refuse makes the proxy close each new connection at once, or ends that.
func (p *Proxy) Refuse(refuse bool) { p.refuses.Store(refuse) }

// Reset resets all connections.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		reset(conn)
	}
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

func (p *Proxy) keep(conn net.Conn, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if open {
		p.conns[conn] = true
	} else {
		delete(p.conns, conn)
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer reset(client)
	if p.refuses.Load() {
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer reset(server)
	for _, conn := range []net.Conn{client, server} {
		p.keep(conn, true)
		defer p.keep(conn, false)
	}
	go func() {
		io.Copy(server, client)
		reset(server)
	}()
	p.reply(client, server)
}

// reply copies what the server says.
func (p *Proxy) reply(client, server net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		time.Sleep(time.Duration(p.delay.Load()))
		piece := buffer[:n]
		cut := false
		if left := p.cutting.Load(); left >= 0 {
			if cut = int64(n) > left; cut {
				piece = piece[:left]
			}
			p.cutting.Store(left - int64(len(piece)))
		}
		if _, failed := client.Write(piece); failed != nil || err != nil || cut {
			return
		}
	}
}
