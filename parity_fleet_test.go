package pongocache_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/internal/servers"
)

// A fleet is the servers for the URLs of the README, which a test starts as it
// meets them: one for each that differs in more than the path.
type fleet struct {
	t       *testing.T
	started map[string][]string // addresses by what was asked for
}

// url is rawURL with the servers, folders and sockets that are there. For a form
// that is tested where it is at home, with certificates say, real is false.
func (f *fleet) url(rawURL string) (there string, real bool) {
	f.t.Helper()
	scheme, rest, _ := strings.Cut(rawURL, ":")
	_, params, _ := strings.Cut(rest, "?")
	switch {
	case scheme == "rediss" || scheme == "memcacheds" || strings.Contains(params, "sentinel-password"):
		return rawURL, false
	case scheme == "file":
		return "file://" + filepath.Join(f.t.TempDir(), "site") + "?" + params, true
	case scheme == "unix":
		return "unix://" + f.addrs(scheme, "")[0] + "?" + params, true
	case scheme == "tiered" || scheme == "fallback":
		return scheme + ":?" + f.inner(params), true
	case strings.HasPrefix(scheme, "redis") || strings.HasPrefix(scheme, "memcached"):
		return f.at(rawURL), true
	}
	return rawURL, true
}

// inner does the same to the URLs that are parameters.
func (f *fleet) inner(params string) string {
	f.t.Helper()
	values, err := url.ParseQuery(params)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, name := range []string{"near", "far", "first", "then"} {
		if values.Has(name) {
			there, _ := f.url(values.Get(name))
			values.Set(name, there)
		}
	}
	return values.Encode()
}

// at is rawURL with addresses of servers that take its user and password, as
// many as it names, in place of those it names.
func (f *fleet) at(rawURL string) string {
	f.t.Helper()
	scheme, rest, _ := strings.Cut(rawURL, "://")
	place, after := rest, ""
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		place, after = rest[:end], rest[end:]
	}
	at := strings.LastIndex(place, "@") + 1
	addrs := f.addrs(scheme, place[:at])
	n := strings.Count(place, ",") + 1
	return scheme + "://" + place[:at] + strings.Join(addrs[:n], ",") + after
}

// addrs are those of servers for a scheme and a login, as ":secret@".
func (f *fleet) addrs(scheme, login string) []string {
	f.t.Helper()
	asked := scheme + " " + login
	if f.started == nil {
		f.started = make(map[string][]string)
	}
	if f.started[asked] == nil {
		f.started[asked] = f.start(scheme, login)
	}
	return f.started[asked]
}

func (f *fleet) start(scheme, login string) []string {
	f.t.Helper()
	const secret = "secret" // the password in the README
	switch scheme {
	case "unix":
		socket := filepath.Join(f.t.TempDir(), "s")
		servers.Redis(f.t, "--unixsocket", socket)
		return []string{socket}
	case "redis-sentinel":
		_, _, sentinels := servers.Sentinels(f.t, "shop", secret)
		return servers.Addrs(sentinels)
	case "redis-cluster":
		return servers.Addrs(servers.Cluster(f.t))
	case "memcached":
		return servers.Addrs([]*servers.Server{servers.Memcached(f.t), servers.Memcached(f.t)})
	case "memcached+sasl":
		return []string{servers.MemcachedSASL(f.t, "app", secret).Addr}
	}
	args := []string{"--user", "app", "on", ">" + secret, "~*", "&*", "+@all"}
	if login == "" {
		args = nil
	}
	if strings.HasPrefix(login, ":") {
		args = slices.Concat(args, []string{"--requirepass", secret})
	}
	return []string{servers.Redis(f.t, args...).Addr}
}
