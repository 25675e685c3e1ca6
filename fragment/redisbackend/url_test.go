package redisbackend_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/servers"
)

// opened opens a URL, and closes what it opens after the test.
func opened(t testing.TB, rawURL string) (*fragment.Cache, error) {
	t.Helper()
	c, err := fragment.Open(ctx, rawURL, fragment.Options{})
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

func TestWrongURLNamesWhatIsWrong(t *testing.T) {
	noCert := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noCert, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ url, names string }{
		{"redis://", "redis://host:6379/0"},
		{"redis:localhost", "redis://host:6379/0"},
		{"redis:///0", "redis://host:6379/0"},
		{"redis://a,b", "redis://host:6379/0"},
		{"rediss://a:1,b:2/0", "rediss://host:6379/0"},
		{"redis://host:0", "redis://host:6379/0"},
		{"redis://host:70000", "redis://host:6379/0"},
		{"redis://host/zero", "number"},
		{"redis://host/-1", "number"},
		{"redis://host/0/1", "number"},
		{"redis://user:s3cret/1@host", "encoded"},
		{"redis://s3cret@host", ":password@"},
		{"redis://host?db=1", "db"},
		{"redis://host?timeout=1s", "timeout"},
		{"redis://host?replicas=true", "replicas"},
		{"redis://host?connect=never", "connect"},
		{"redis://host?connect-timeout=0", "connect-timeout"},
		{"redis://host?ping=1ms", "ping"},
		{"redis://host?buffer=1", "buffer"},
		{"redis://host?buffer=9000000GiB", "buffer"},
		{"redis://host?max-value=1GiB", "max-value"},
		{"redis://host?watch=never", "watch"},
		{"redis://host?name=", "name"},
		{"redis://host?name=a%20b", "name"},
		{"redis://host?tls-ca=x", "tls-ca"},
		{"rediss://host?tls-ca=/nowhere/ca.pem", "tls-ca"},
		{"rediss://host?tls-ca=" + noCert, "tls-ca"},
		{"rediss://host?tls-cert=x", "tls-key"},
		{"rediss://host?tls-cert=x&tls-key=y", "tls-key"},
		{"unix://run/redis.sock", "unix:///run"},
		{"unix:", "unix:///run"},
		{"unix:///", "unix:///run"},
		{"unix:///run/redis.sock?db=x", "db"},
		{"unix:///run/redis.sock?db=-1", "db"},
		{"redis-sentinel://host", "redis-sentinel://host1:26379"},
		{"redis-sentinel:///master", "redis-sentinel://host1:26379"},
		{"redis-sentinel://a:1,/master", "redis-sentinel://host1:26379"},
		{"redis-sentinel://host/master/x", "number"},
		{"redis-cluster://", "redis-cluster://host1:6379"},
		{"redis-cluster://a:1,b:x", "redis-cluster://host1:6379"},
		{"redis-cluster://a,b/1", "redis-cluster://host1:6379"},
		{"redis-cluster://a?sentinel-user=x", "sentinel-user"},
	}
	for _, test := range tests {
		_, err := opened(t, test.url)
		if err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("Open(%q): got error %v, want one that names %s", test.url, err, test.names)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q): got the error %q, want no password in it", test.url, err)
		}
	}
}

func TestURLWithEachParameterIsTaken(t *testing.T) {
	for _, rawURL := range []string{
		"redis://user:s3cret@host:1/3?connect=lazy&connect-timeout=1s&ping=2s&buffer=32KiB&max-value=8MiB&watch=pubsub&name=shop",
		"redis://:s3cret@[::1]:6379", "redis://user:@host/",
		"rediss://host?tls-server-name=redis.example.org",
		"unix:///run/redis/redis.sock?db=2&watch=auto",
		"redis-sentinel://h1,h2:26380/master/2?sentinel-user=s&sentinel-password=p&replicas=true&tls=true&tls-server-name=x",
		"redis-cluster://h1:7000,h2:7001,[::1]:7002?replicas=true&watch=tracking&tls=false",
	} {
		if _, err := opened(t, rawURL); err != nil {
			t.Errorf("Open(%q): got error %v, want none, as it connects only when it is used", rawURL, err)
		}
	}
}

// roundTrip stores and reads an entry, which must work, and without a fault.
func roundTrip(t testing.TB, rawURL string) {
	t.Helper()
	c, err := opened(t, rawURL)
	if err != nil {
		t.Errorf("Open(%q): %v", rawURL, err)
		return
	}
	k := fragment.KeyOf("key", rawURL)
	if err := c.Set(ctx, k, []byte("value"), fragment.Policy{}); err != nil {
		t.Errorf("%s: Set: %v", rawURL, err)
	}
	if value, ok, err := c.Get(ctx, k); string(value) != "value" || !ok || err != nil {
		t.Errorf("%s: Get: got %q, %v, error %v, want the value", rawURL, value, ok, err)
	}
}

func TestDatabasePasswordUserAndSocket(t *testing.T) {
	folder := t.TempDir()
	socket := filepath.Join(folder, "s")
	s := servers.Redis(t, "--requirepass", "s3cret", "--unixsocket", socket,
		"--user", "app", "on", ">p@ss/w:rd", "~*", "&*", "+@all")
	roundTrip(t, "redis://:s3cret@"+s.Addr+"?connect=now")
	roundTrip(t, "redis://default:s3cret@"+s.Addr+"/15?connect=now")
	roundTrip(t, "redis://app:p%40ss%2Fw%3Ard@"+s.Addr+"/3?connect=now")
	roundTrip(t, "unix://:s3cret@"+socket+"?db=7&connect=now")
	for db, want := range map[string]string{"0": ":1", "15": ":1", "3": ":1", "7": ":1", "5": ":0"} {
		if got := lastOf(t, s.Addr, "AUTH s3cret", "SELECT "+db, "DBSIZE"); (got == ":0") != (want == ":0") {
			t.Errorf("database %s has %s keys, want some only where an URL says so", db, got)
		}
	}
}

func TestOpenNowTellsWhatIsWrong(t *testing.T) {
	s := servers.Redis(t, "--requirepass", "s3cret")
	nobody := servers.FreeAddr(t)
	tests := []struct{ url, names string }{
		{"redis://" + nobody, nobody},
		{"redis-cluster://" + nobody, nobody},
		{"redis-sentinel://" + nobody + "/master", nobody},
		{"unix:///nowhere/redis.sock", "/nowhere/redis.sock"},
		{"redis://" + s.Addr, "NOAUTH"},
		{"redis://:wr0ng@" + s.Addr, "WRONGPASS"},
		{"redis://app:wr0ng@" + s.Addr, `"app"`},
		{"redis://:s3cret@" + s.Addr + "/16", "database"},
		{"redis-cluster://:s3cret@" + s.Addr, "redis://"},
		{"rediss://:s3cret@" + s.Addr, s.Addr},
	}
	for _, test := range tests {
		began := time.Now()
		_, err := opened(t, test.url+"?connect=now&connect-timeout=500ms")
		if err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("Open(%q): got error %v, want one that names %s", test.url, err, test.names)
		} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("Open(%q): got the error %q, want no password in it", test.url, err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("Open(%q): took %v", test.url, took)
		}
	}
}
