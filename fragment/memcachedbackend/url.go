package memcachedbackend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

const (
	scheme     = "memcached"
	schemeTLS  = "memcacheds"
	schemeSASL = "memcached+sasl"
)

func init() {
	for _, s := range []string{scheme, schemeTLS, schemeSASL} {
		fragment.Register(s, open)
	}
}

func open(ctx context.Context, u *fragment.URL) (fragment.Backend, error) {
	if u.Host == "" || strings.Trim(u.Path, "/") != "" || u.Opaque != "" {
		return nil, fmt.Errorf("there is no server to go to, or more than that: want %s://host:11211, or several as host1:11211,host2:11211", u.Scheme)
	}
	o := Options{
		SASL:       u.Scheme == schemeSASL,
		ItemSize:   itemSize(u),
		Large:      large(u),
		Conns:      u.Int("conns", DefaultConns),
		Timeout:    u.Duration("timeout", DefaultTimeout),
		ConnectNow: connectNow(u),
		TLS:        secured(u),
	}
	o.User = u.User.Username()
	o.Password, _ = u.User.Password()
	if o.Conns == 0 {
		o.Conns = -1 // is no default where it is written
	}
	if option, why := o.problem(); why != "" {
		fail(u, option, why)
	}
	names, why := serverNames(strings.Split(u.Host, ","))
	if err := u.Err(); err != nil {
		return nil, err
	}
	if why != "" {
		return nil, errors.New(why)
	}
	return New(ctx, names, o)
}

// fail records what is wrong by the name of a part of the URL.
func fail(u *fragment.URL, option, why string) {
	switch option {
	case "User", "SASL":
		u.Fail("user:password", "before the @: "+option+" "+why)
	case "ItemSize":
		u.Fail("item", why)
	case "Conns":
		u.Fail("conns", "want a number between 1 and 65536, such as 32")
	default:
		u.Fail(strings.ToLower(option), why)
	}
}

func itemSize(u *fragment.URL) int {
	size := u.Size("item", DefaultItemSize)
	if size < minItemSize || size > maxItemSize {
		u.Fail("item", fmt.Sprintf("is %d bytes: want that of memcached -I, between 1KiB and 1GiB", size))
		return DefaultItemSize
	}
	return int(size)
}

func large(u *fragment.URL) Large {
	switch text := u.String("large", "refuse"); text {
	case "refuse":
		return Refuse
	case "split":
		return Split
	default:
		u.Fail("large", "is "+strconv.Quote(text)+": want refuse or split")
		return Refuse
	}
}

func connectNow(u *fragment.URL) bool {
	text := u.String("connect", "lazy")
	if text != "lazy" && text != "now" {
		u.Fail("connect", "is "+strconv.Quote(text)+": want lazy or now")
	}
	return text == "now"
}

// secured returns how to secure connections, or nil if they are not to be.
func secured(u *fragment.URL) *tls.Config {
	always := u.Scheme == schemeTLS
	on := u.Bool("tls", always)
	if always && !on {
		u.Fail("tls", "is false: want the scheme "+scheme+" for that")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.String("servername", "")}
	file := u.String("ca", "")
	if !on {
		if file != "" || config.ServerName != "" {
			u.Fail("tls", "is not on, and ca and servername are of use with TLS alone: want the scheme "+schemeTLS+" or tls=true")
		}
		return nil
	}
	if file != "" {
		config.RootCAs = authorities(u, file)
	}
	return config
}

func authorities(u *fragment.URL, file string) *x509.CertPool {
	pool := x509.NewCertPool()
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		u.Fail("ca", "cannot be read: "+err.Error())
	case !pool.AppendCertsFromPEM(text):
		u.Fail("ca", "is a file without a certificate: want one in PEM form, of the authority that signs those of the servers")
	}
	return pool
}
