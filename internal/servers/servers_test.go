package servers_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

func TestRedisStartsDiesAndComesBack(t *testing.T) {
	s := servers.Redis(t)
	ping := func() (string, error) { return servers.RedisCommand(s.Addr, "PING") }
	if got, err := ping(); got != "+PONG" {
		t.Fatalf("PING = %q, %v\n%s", got, err, s.Log())
	}
	s.Kill()
	if got, err := ping(); err == nil {
		t.Errorf("a dead server says %q", got)
	}
	s.Restart()
	s.Signal(syscall.SIGSTOP)
	go func() {
		time.Sleep(50 * time.Millisecond)
		s.Signal(syscall.SIGCONT)
	}()
	began := time.Now()
	if got, err := ping(); got != "+PONG" || time.Since(began) < 50*time.Millisecond {
		t.Errorf("PING = %q, %v, after %v, want an answer after the pause", got, err, time.Since(began))
	}
}

func TestRedisWithAPassword(t *testing.T) {
	s := servers.Redis(t, "--requirepass", "secret")
	if got, err := servers.RedisCommand(s.Addr, "PING"); !strings.HasPrefix(got, "-NOAUTH") {
		t.Errorf("PING = %q, %v, want that it is refused", got, err)
	}
}

func TestRedisTextIsTheWholeReply(t *testing.T) {
	s := servers.Redis(t)
	if got := servers.RedisText(t, s.Addr, "INFO server"); !strings.Contains(got, "tcp_port:"+servers.Port(s.Addr)) || !strings.HasSuffix(got, "\n") {
		t.Errorf("INFO server = %q, want all of it", got)
	}
}

func TestMemcachedStarts(t *testing.T) {
	s := servers.Memcached(t)
	if got, err := servers.RedisCommand(s.Addr, "version"); !strings.HasPrefix(got, "VERSION") {
		t.Errorf("version = %q, %v", got, err)
	}
}

// echo is a server that says what it is told.
func echo(t *testing.T) string {
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
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

// say returns what comes back, and how it ended: a connection that is refused may be
// reset before its dialer knows of it.
func say(t *testing.T, addr, text string) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	reply := make([]byte, len(text))
	n, err := io.ReadFull(conn, reply)
	return string(reply[:n]), err
}

func TestProxy(t *testing.T) {
	p := servers.NewProxy(t, echo(t))
	if got, err := say(t, p.Addr, "hello"); got != "hello" {
		t.Errorf("said %q, %v", got, err)
	}
	p.Delay(30 * time.Millisecond)
	began := time.Now()
	if got, err := say(t, p.Addr, "hello"); got != "hello" || time.Since(began) < 30*time.Millisecond {
		t.Errorf("said %q, %v, after %v", got, err, time.Since(began))
	}
	p.Delay(0)
	p.CutAfter(3)
	if got, err := say(t, p.Addr, "hello"); len(got) > 3 || err == nil {
		t.Errorf("said %q, %v, want 3 bytes at most", got, err)
	}
	p.CutAfter(-1)
	p.Refuse(true)
	if got, err := say(t, p.Addr, "hello"); err == nil {
		t.Errorf("said %q, want that it is refused", got)
	}
	p.Refuse(false)
	if got, err := say(t, p.Addr, "hello"); got != "hello" || errors.Is(err, io.EOF) {
		t.Errorf("said %q, %v", got, err)
	}
}
