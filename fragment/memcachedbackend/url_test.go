package memcachedbackend_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func TestURLsThatAreLazyAskNobody(t *testing.T) {
	for _, rawURL := range []string{
		"memcached://cache1.invalid",
		"memcached://cache1.invalid:11211",
		"memcached://cache1.invalid:11211/",
		"memcached://cache1.invalid:11211,cache2.invalid:11211",
		"memcached://cache1.invalid,cache2.invalid",
		"memcached://[::1]:11211",
		"memcached://[::1]",
		"memcached://app:s3cret@cache1.invalid",
		"memcacheds://cache1.invalid?tls=true",
		"memcached://cache1.invalid?tls=true&servername=cache",
		"memcached+sasl://app:s3cret%20two@cache1.invalid?tls=true",
		"memcached://cache1.invalid?item=8MiB&large=split&conns=100&timeout=2s&connect=lazy&tls=false",
	} {
		c, err := fragment.Open(ctx, rawURL, fragment.Options{})
		if err != nil {
			t.Errorf("Open(%q): got error %v, want none", rawURL, err)
			continue
		}
		c.Close()
	}
}

func TestWrongURL(t *testing.T) {
	empty := write(t, filepath.Join(t.TempDir(), "empty.pem"), "no certificate")
	tests := []struct{ url, names string }{
		{"memcached://", "memcached://host:11211"},
		{"memcached:", "memcached://host:11211"},
		{"memcached:cache1", "memcached://host:11211"},
		{"memcached:///var/run/memcached.sock", "memcached://host:11211"},
		{"memcached://cache1/db", "host1:11211,host2:11211"},
		{"memcached://cache1:11211,", "want host:port"},
		{"memcached://cache1,:11211", "want host:port"},
		{"memcached://cache1:0", "want host:port"},
		{"memcached://cache1:99999", "want host:port"},
		{"memcached://cache1:11211,CACHE1:11211", "twice"},
		{"memcached://cache1?item=1", "item"},
		{"memcached://cache1?item=2GiB", "item"},
		{"memcached://cache1?item=big", "item"},
		{"memcached://cache1?large=maybe", "refuse or split"},
		{"memcached://cache1?large=", "large"},
		{"memcached://cache1?conns=0", "conns"},
		{"memcached://cache1?conns=-1", "conns"},
		{"memcached://cache1?conns=many", "conns"},
		{"memcached://cache1?timeout=0", "timeout"},
		{"memcached://cache1?timeout=5", "timeout"},
		{"memcached://cache1?connect=yes", "lazy or now"},
		{"memcached://cache1?tls=yes", "tls"},
		{"memcached://cache1?ca=" + empty, "tls"},
		{"memcached://cache1?servername=cache", "tls"},
		{"memcacheds://cache1?tls=false", "scheme memcached "},
		{"memcacheds://cache1?ca=" + empty, "ca is a file without a certificate"},
		{"memcacheds://cache1?ca=/nowhere/ca.pem", "ca cannot be read"},
		{"memcached://cache1?prefix=app", "prefix"},
		{"memcached://cache1?Item=1MiB", "Item"},
		{"memcached://cache1?conns=1&conns=2", "more than once"},
		{"memcached://app@cache1", "user:password"},
		{"memcached://:s3cret@cache1", "user:password"},
		{"memcached://app:s3cret%20two@cache1", "user:password"},
		{"memcached://app:s3cret%0d%0aget@cache1", "user:password"},
		{"memcached+sasl://cache1", "user:password"},
		{"memcached+sasl://app:s3cret%00@cache1", "user:password"},
	}
	for _, test := range tests {
		c, err := fragment.Open(ctx, test.url, fragment.Options{})
		if err == nil || c != nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("Open(%q): got %v, error %v, want an error with %q", test.url, c, err, test.names)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q): got the error %q, want no password in it", test.url, err)
		}
	}
}

func TestConnectNowNamesTheServerThatIsAway(t *testing.T) {
	up, away := servers.Memcached(t), servers.FreeAddr(t)
	works(t, "memcached://"+up.Addr+"?connect=now")
	wantRefused(t, "memcached://"+up.Addr+","+away+"?connect=now", away)
	c, err := fragment.Open(ctx, "memcached://"+up.Addr+","+away, fragment.Options{})
	if err != nil {
		t.Fatalf("Open that is lazy: got error %v, want none", err)
	}
	c.Close()
}

func TestWrongOptions(t *testing.T) {
	tests := []struct {
		options memcachedbackend.Options
		names   string
	}{
		{memcachedbackend.Options{ItemSize: -1}, "Options.ItemSize"},
		{memcachedbackend.Options{ItemSize: 1000}, "Options.ItemSize"},
		{memcachedbackend.Options{ItemSize: 2 << 30}, "Options.ItemSize"},
		{memcachedbackend.Options{Large: 2}, "Options.Large"},
		{memcachedbackend.Options{Conns: -1}, "Options.Conns"},
		{memcachedbackend.Options{Timeout: -1}, "Options.Timeout"},
		{memcachedbackend.Options{User: "app"}, "Options.User"},
		{memcachedbackend.Options{Password: "s3cret"}, "Options.User"},
		{memcachedbackend.Options{User: "app", Password: "s3cret two"}, "Options.User"},
		{memcachedbackend.Options{SASL: true}, "Options.SASL"},
	}
	for _, test := range tests {
		b, err := memcachedbackend.New(ctx, []string{"cache1"}, test.options)
		if err == nil || b != nil || !strings.Contains(err.Error(), test.names) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("New(%s): got %v, error %v, want one that names it, without a password", test.names, b, err)
		}
	}
	for _, names := range [][]string{nil, {""}, {"cache1", "cache1:11211"}, {"cache1:http"}, {"app:s3cret@cache1:1"}, {"a b"}} {
		if b, err := memcachedbackend.New(ctx, names, memcachedbackend.Options{}); err == nil || b != nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("New(%q): got %v, error %v, want an error about the servers, without a password", names, b, err)
		}
	}
}
