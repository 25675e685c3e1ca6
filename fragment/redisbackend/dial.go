package redisbackend

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// A dialer makes the client of a Backend.
type dialer struct {
	backend   *Backend
	option    rueidis.ClientOption
	isCluster bool
}

type dialFunc = func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error)

// connect makes a client, and so connects. It is what a link tries.
func (d *dialer) connect() (rueidis.Client, error) {
	return d.open(d.option)
}

func (d *dialer) open(option rueidis.ClientOption) (rueidis.Client, error) {
	c, err := rueidis.NewClient(option)
	if err != nil {
		if c != nil {
			c.Close() // a single one is returned beside the error
		}
		return nil, err
	}
	if d.isCluster && c.Mode() != rueidis.ClientModeCluster {
		c.Close()
		return nil, errNoCluster
	}
	return c, nil
}

var errNoCluster = errors.New("the server is not part of a cluster: for a single one write redis:// instead of redis-cluster://")

// dialing makes connections as inner does, or rueidis does, and has the gate know
// when one is being made or is lost.
func (d *dialer) dialing(inner dialFunc) dialFunc {
	if inner == nil {
		inner = dialTCP
	}
	gate := d.backend.gate
	return func(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
		gate.suspects()
		if gate.isShut() {
			return nil, errClosed
		}
		conn, err := inner(ctx, addr, dialer, config)
		if err != nil {
			return nil, err
		}
		return &knownConn{Conn: conn, gate: gate}, nil
	}
}

// A knownConn is a connection on which nothing comes in that no server sends. The
// gate is told of its end before any call can find it gone and wait for the next.
type knownConn struct {
	net.Conn
	gate    *gate
	replies framing // of the goroutine that reads
}

func (c *knownConn) Read(buffer []byte) (int, error) {
	n, err := c.Conn.Read(buffer)
	if wrong := c.replies.feed(buffer[:n]); wrong != nil {
		return 0, wrong
	}
	return n, err
}

func (c *knownConn) Close() error {
	c.gate.suspects()
	return c.Conn.Close()
}

func dialTCP(ctx context.Context, addr string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
	// The KeepAlive there is the interval of rueidis' pings.
	plain := &net.Dialer{Timeout: dialer.Timeout, KeepAlive: 15 * time.Second}
	if config == nil {
		return plain.DialContext(ctx, "tcp", addr)
	}
	return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext(ctx, "tcp", addr)
}

// placeOf names servers in an error.
func placeOf(addrs []string) string { return strings.Join(addrs, ", ") }

func dialUnix(ctx context.Context, path string, dialer *net.Dialer, _ *tls.Config) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialer.Timeout}).DialContext(ctx, "unix", path)
}
