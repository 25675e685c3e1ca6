package memcachedbackend

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Options are what a Backend is made of. The zero value is useful.
type Options struct {
	// User and Password authenticate each connection, for a memcached that was
	// started with -Y (or, if SASL is set, with -S). Both or none.
	User, Password string

	// SASL speaks the binary protocol and authenticates by SASL PLAIN, which a
	// memcached that was started with -S wants. It needs User and Password.
	SASL bool

	// TLS, unless nil, secures the connections, for a memcached that was started
	// with -Z. An empty ServerName is that of each server. It must not be changed
	// afterwards.
	TLS *tls.Config

	// ItemSize is that of memcached -I, in bytes: at least 1 KiB. A value that does
	// not fit an item, together with its key and some 100 bytes more, is large. Zero
	// is DefaultItemSize.
	ItemSize int

	// Large is what becomes of a large value. Zero is Refuse.
	Large Large

	// Conns is how many connections there may be to each server. A call that finds
	// all of them in use waits for one. Zero is DefaultConns.
	Conns int

	// Timeout bounds a call whose ctx ends later, or never. Zero is DefaultTimeout.
	// A Cache gives its own deadlines, which are shorter.
	Timeout time.Duration

	// ConnectNow makes New fail unless each server answers. Without it New asks
	// nobody, and it is the first use that fails.
	ConnectNow bool
}

// Large says what becomes of a value that does not fit an item of memcached.
type Large uint8

const (
	// Refuse returns an error that wraps fragment.ErrTooLarge.
	Refuse Large = iota
	// Split stores it in up to 1024 parts.
	Split
)

// What the zero Options stand for.
const (
	DefaultItemSize = 1 << 20
	DefaultConns    = 32
	DefaultTimeout  = 5 * time.Second
)

const (
	minItemSize = 1 << 10
	maxItemSize = 1 << 30 // of memcached -I
)

// problem tells what is wrong with o, by the name of a field.
func (o Options) problem() (option, why string) {
	switch {
	case o.ItemSize != 0 && (o.ItemSize < minItemSize || o.ItemSize > maxItemSize):
		return "ItemSize", fmt.Sprintf("is %d bytes: want that of memcached -I, between 1KiB and 1GiB", o.ItemSize)
	case o.Large > Split:
		return "Large", fmt.Sprintf("is %d: want Refuse or Split", o.Large)
	case o.Conns < 0 || o.Conns > 1<<16:
		return "Conns", fmt.Sprintf("is %d: want a number between 1 and 65536, such as 32", o.Conns)
	case o.Timeout < 0:
		return "Timeout", fmt.Sprintf("is %v: want a duration above zero, such as 5s", o.Timeout)
	case (o.User == "") != (o.Password == ""):
		return "User", "and Password belong together: want both or none"
	case o.SASL && o.User == "":
		return "SASL", "needs a User and a Password"
	case o.SASL && strings.ContainsRune(o.User+o.Password, 0):
		return "User", "or Password holds a zero byte: SASL PLAIN takes it for their end"
	case !o.SASL && strings.ContainsFunc(o.User+o.Password, endsToken):
		return "User", "or Password holds a space or a control character: memcached's ASCII authentication takes it for their end"
	}
	return "", ""
}

func endsToken(r rune) bool { return r <= ' ' || r == 0x7f }

func (o Options) withDefaults() Options {
	if o.ItemSize == 0 {
		o.ItemSize = DefaultItemSize
	}
	if o.Conns == 0 {
		o.Conns = DefaultConns
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}

const defaultPort = "11211"

// serverNames returns servers with their ports, or what is wrong with them.
func serverNames(servers []string) (names []string, why string) {
	const form = "want host:port, such as cache1:11211, for each"
	seen := make(map[string]bool)
	for _, server := range servers {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			host, port = strings.Trim(server, "[]"), defaultPort
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if strings.Contains(server, "@") {
			return nil, "a server holds an @: user and password are options of their own" // not shown: it may be a password
		}
		if err != nil || n == 0 || host == "" || strings.ContainsAny(host, " /") || len(server) > 300 {
			return nil, fmt.Sprintf("server %q: %s", server, form)
		}
		name := net.JoinHostPort(strings.ToLower(host), port)
		if seen[name] {
			return nil, fmt.Sprintf("server %q is given twice: name each once", name)
		}
		seen[name] = true
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, "no server: " + form
	}
	return names, ""
}
