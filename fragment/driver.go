package fragment

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// A Driver opens the Backend that a URL describes. It reads its parameters
// through the methods of URL, and returns u.Err() if that is not nil before it
// opens anything.
type Driver func(ctx context.Context, u *URL) (Backend, error)

var drivers struct {
	mu sync.RWMutex
	m  map[string]Driver // guarded by mu
}

const redisPackage = "github.com/pongocache/pongocache/fragment/redisbackend"

// importOf names the package that registers a scheme of ours, for the error of
// a program that forgot to import it.
var importOf = map[string]string{
	"bigcache":       "github.com/pongocache/pongocache/fragment/bigcachebackend",
	"memcached":      "github.com/pongocache/pongocache/fragment/memcachedbackend",
	"memcached+sasl": "github.com/pongocache/pongocache/fragment/memcachedbackend",
	"memcacheds":     "github.com/pongocache/pongocache/fragment/memcachedbackend",
	"memory":         "github.com/pongocache/pongocache/fragment/memorybackend",

	"redis":          redisPackage,
	"rediss":         redisPackage,
	"unix":           redisPackage,
	"redis-sentinel": redisPackage,
	"redis-cluster":  redisPackage,
	"file":           "github.com/pongocache/pongocache/fragment/filebackend",
}

// Register makes a driver available to Open under a URL scheme, as
// database/sql does. It panics if d is nil or the scheme is taken.
func Register(scheme string, d Driver) {
	drivers.mu.Lock()
	defer drivers.mu.Unlock()
	if d == nil {
		panic("fragment: Register of a nil driver for scheme " + scheme)
	}
	if _, taken := drivers.m[scheme]; taken {
		panic("fragment: Register called twice for scheme " + scheme)
	}
	if drivers.m == nil {
		drivers.m = make(map[string]Driver)
	}
	drivers.m[scheme] = d
}

// Drivers returns the registered URL schemes in order.
func Drivers() []string {
	drivers.mu.RLock()
	defer drivers.mu.RUnlock()
	schemes := make([]string, 0, len(drivers.m))
	for s := range drivers.m {
		schemes = append(schemes, s)
	}
	slices.Sort(schemes)
	return schemes
}

// Open opens the Backend that rawURL describes and returns a Cache over it,
// which closes it. Errors never hold a password, nor any part of a URL that
// does not parse.
func Open(ctx context.Context, rawURL string, o Options) (*Cache, error) {
	c, err := openQuietly(ctx, rawURL, o)
	if err == nil {
		c.core.Load().greet()
	}
	return c, err
}

// openQuietly is Open for a Cache that is greeted once it has its name.
func openQuietly(ctx context.Context, rawURL string, o Options) (*Cache, error) {
	b, err := openBackend(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	c, err := New(b, o)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return c, nil
}

func openBackend(ctx context.Context, rawURL string) (Backend, error) {
	u, err := parse(rawURL)
	if err != nil {
		// url.Error repeats the URL, and its cause may repeat a part of it.
		return nil, errors.New("fragment: open: the cache URL does not parse: " +
			"is each special character of its user, password and parameters percent-encoded?")
	}
	if u.Scheme == "" {
		return nil, fmt.Errorf("fragment: open: the cache URL has no scheme: want one of %s, such as \"bigcache://?size=64MiB\" or \"null:\"", schemeList())
	}
	drivers.mu.RLock()
	d := drivers.m[u.Scheme]
	drivers.mu.RUnlock()
	if d == nil {
		return nil, unknownScheme(u.Scheme)
	}
	if strings.Contains(rawURL, "#") {
		return nil, fmt.Errorf("fragment: open: a %s URL holds a \"#\", which would end it: write %%23", u.Scheme)
	}
	strict := newURL(u)
	b, err := driven(ctx, d, strict)
	if err != nil {
		return nil, fmt.Errorf("fragment: open %q: %w", strict.withoutSecrets(), err)
	}
	return b, nil
}

// parse parses a URL whose place may be several, as in scheme://a:1,b:2/path, which
// is more than url.Parse knows of.
func parse(rawURL string) (*url.URL, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	place, after := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		place, after = rest[:end], rest[end:]
	}
	at := strings.LastIndex(place, "@") + 1
	hosts := place[at:]
	other := func(r rune) bool {
		return !strings.ContainsRune("-.,:_[]", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if !strings.Contains(hosts, ",") || strings.ContainsFunc(hosts, other) {
		return url.Parse(rawURL)
	}
	u, err := url.Parse(scheme + "://" + place[:at] + "hosts" + after)
	if err == nil {
		u.Host = hosts
	}
	return u, err
}

// driven calls a driver, and is strict also where the driver forgets to be.
func driven(ctx context.Context, d Driver, u *URL) (Backend, error) {
	b, err := d(ctx, u)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, errors.New("its driver returned no Backend")
	}
	if err := u.Err(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func unknownScheme(scheme string) error {
	if path, ours := importOf[scheme]; ours {
		return fmt.Errorf("fragment: open: scheme %q is not registered: add the import\n\t_ %q", scheme, path)
	}
	return fmt.Errorf("fragment: open: unknown scheme %q: registered are %s", scheme, schemeList())
}

func schemeList() string { return strings.Join(Drivers(), ", ") }
