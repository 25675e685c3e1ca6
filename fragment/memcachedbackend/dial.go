package memcachedbackend

import (
	"context"
	"crypto/tls"
	"net"
)

// dialer returns what connects to a server. The ctx bounds the handshake, too.
func dialer(name string, secured *tls.Config) func(ctx context.Context) (net.Conn, error) {
	if secured == nil {
		return func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", name)
		}
	}
	config := secured.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(name)
	}
	return func(ctx context.Context) (net.Conn, error) {
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", name)
	}
}
