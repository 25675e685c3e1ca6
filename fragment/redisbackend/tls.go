package redisbackend

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/redis/rueidis"

	"github.com/pongocache/pongocache/fragment"
)

// encryption sets up TLS where a URL asks for it. The sentinels are spoken to as
// the servers behind them are.
func encryption(u *fragment.URL, c *rueidis.ClientOption) {
	switch u.Scheme {
	case "redis", "unix":
		return
	case "redis-sentinel", "redis-cluster":
		if !u.Bool("tls", false) {
			return
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.String("tls-server-name", "")}
	if file := u.String("tls-ca", ""); file != "" {
		config.RootCAs = authorities(u, file)
	}
	certificate, key := u.String("tls-cert", ""), u.String("tls-key", "")
	if (certificate == "") != (key == "") {
		u.Fail("tls-cert", "and tls-key go together: want the files of a certificate and of its key, or neither")
	} else if key != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			u.Fail("tls-cert", "or tls-key cannot be used: "+err.Error())
		}
		config.Certificates = []tls.Certificate{pair}
	}
	c.TLSConfig = config
	if c.Sentinel.MasterSet != "" {
		c.Sentinel.TLSConfig = config
	}
}

// authorities are the certificates in a PEM file, by which servers are known.
func authorities(u *fragment.URL, file string) *x509.CertPool {
	pool, text, err := x509.NewCertPool(), []byte(nil), error(nil)
	if text, err = os.ReadFile(file); err != nil {
		u.Fail("tls-ca", "cannot be read: "+err.Error())
	} else if !pool.AppendCertsFromPEM(text) {
		u.Fail("tls-ca", "names a file without a certificate: want one in PEM, which begins with -----BEGIN CERTIFICATE-----")
	}
	return pool
}
