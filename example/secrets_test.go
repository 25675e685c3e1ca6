package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	main "github.com/pongocache/pongocache/example"
)

// misplaced are URLs of which a part, SECRET, is a password, or may be one as
// far as anybody can tell. SCHEME is one of the program's own.
var misplaced = []string{
	"SCHEME://root:SECRET@127.0.0.1:1/test",
	"SCHEME://SECRET@127.0.0.1:1/test",
	"SCHEME://:SECRET@127.0.0.1:1/test",
	"SCHEME://root:a@SECRET@127.0.0.1:1/test",
	"SCHEME://root:12/SECRET@127.0.0.1:1/test",
	"SCHEME://SECRET:12/34@127.0.0.1:1/test",
	"SCHEME://root:12?SECRET@127.0.0.1:1/test",
	"SCHEME://root:12?SECRET=a&b@127.0.0.1:1/test",
	"SCHEME://root:12?a;SECRET@127.0.0.1:1/test",
	"SCHEME://SECRET:12?34@127.0.0.1:1/test",
	"SCHEME://root:12#SECRET@127.0.0.1:1/test",
	"SCHEME://SECRET:12#34@127.0.0.1:1/test",
	"SCHEME://root:12%23/SECRET%40127.0.0.1:1/test",
	"SCHEME://root:12/SECRET%40127.0.0.1:1/test",
	"SCHEME://root:12/a?SECRET%40127.0.0.1:1/test",
	"SCHEME://root:SECRET%zz@127.0.0.1:1/test",
	"SCHEME://root:SECRET@127.0.0.1:port/test",
	"SCHEME://root:SECRET@127.0.0.1:1",
	"SCHEME://root:SECRET@",
	"SCHEME://root:SECRET@/test",
	"SCHEME://root:a-SECRET",
	"SCHEME://root:12 SECRET@127.0.0.1:1/test",
	"SCHEME://root:SECRET@127.0.0.1:1/test?a=SECRET",
	"SCHEME://root:SECRET@127.0.0.1:1/test?colour=red",
	"SCHEME://root:SECRET@127.0.0.1:1/test?size=SECRET@",
	"SCHEME://root:SECRET@[::1/test",
	"SCHEME://root:SECRET@tcp(127.0.0.1:1)/test",
	"SCHEME://root:[SECRET]@127.0.0.1:1/test",
	"SCHEME:root:SECRET@127.0.0.1:1/test",
	"SCHEME:root:12?SECRET@127.0.0.1:1/test",
	"SCHEME:/root:SECRET@127.0.0.1:1/test",
	"SCHEME:///root:SECRET@127.0.0.1:1/test",
	"SCHEME//root:SECRET@127.0.0.1:1/test",
	"root:SECRET@tcp(127.0.0.1:1)/test",
	"root:SECRET@127.0.0.1:1/test",
	"://root:SECRET@127.0.0.1:1/test",
	"//root:SECRET@127.0.0.1:1/test",
	" SCHEME://root:SECRET@127.0.0.1:1/test",
	"SCHEME://root:SECRET@127.0.0.1:1/te\tst",
}

// outcome runs the program until it says that it is up, and returns what it
// printed and its error.
func outcome(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &untilUp{stop: stop}
	err := main.Run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), out)
	return fmt.Sprint(out.String(), err)
}

// untilUp is what the program prints, some of it in the background.
type untilUp struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
	stop func()
}

func (u *untilUp) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.text.String()
}

func (u *untilUp) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if bytes.Contains(p, []byte("http://")) {
		u.stop()
	}
	return u.text.Write(p)
}

func TestNoOutputHoldsAPassword(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	check := func(secret string, args ...string) {
		t.Helper()
		if got := outcome(t, args...); strings.Contains(got, secret) {
			t.Errorf("%q: got %q, want no %s in it", args, got, secret)
		}
	}
	for _, secret := range []string{"opensesame", "9021090210"} {
		for _, form := range misplaced {
			at := func(scheme string) string {
				return strings.NewReplacer("SCHEME", scheme, "SECRET", secret).Replace(form)
			}
			check(secret, "-db", at("mysql"))
			check(secret, "-db", at("mariadb"))
			check(secret, "-db", at("sqlite"))
			for _, scheme := range []string{"bigcache", "null", "memory", "redis", "redis-cluster", "memcached"} {
				check(secret, "-cache", at(scheme))
				check(secret, "-cache", at(scheme), "-clear")
			}
			check(secret, "-cache", "tiered:?near=bigcache:&far="+url.QueryEscape(at("redis")))
			check(secret, "-cache", "fallback:?first="+url.QueryEscape(at("memcached"))+"&then=null:")
			check(secret, at("mysql"))
			check(secret, "-addr", at("mysql"))
		}
		check(secret, "-db", "mysql://root:a", secret, "b@127.0.0.1/test")
	}
}

// A URL without a secret is shown.
func TestPlacesAreShown(t *testing.T) {
	for _, c := range []struct{ cache, want string }{
		{"bigcache://?size=8MiB", "bigcache://?size=8MiB"},
		{"null:", "null:"},
		{"memory://?size=8MiB", "memory://?size=8MiB"},
		{"redis://:opensesame@127.0.0.1:1/3?name=site", "redis://127.0.0.1:1/3"},
		{"tiered:?near=bigcache://&far=redis%3A%2F%2F%3Aopensesame%40127.0.0.1%3A1", "tiered: near bigcache://, far redis://127.0.0.1:1"},
		{"fallback:?first=memcached://127.0.0.1:1&then=null:", "fallback: first memcached://127.0.0.1:1, then null:"},
	} {
		if got := outcome(t, "-cache", c.cache); !strings.Contains(got, "  cache     "+c.want+"\n") {
			t.Errorf("-cache %s: got %q, want %q in it", c.cache, got, c.want)
		}
	}
}
