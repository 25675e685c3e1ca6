package fragment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// The driver "strict-test" has a parameter of each type.
type strict struct {
	size     int64
	shards   int
	on       bool
	every    time.Duration
	name     string
	host     string
	password string
}

var strictSeen strict

func init() {
	fragment.Register("strict-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		password, _ := u.User.Password()
		strictSeen = strict{
			size: u.Size("size", 64<<20), shards: u.Int("shards", 16), on: u.Bool("on", true),
			every: u.Duration("every", time.Minute), name: u.String("name", "none"), host: u.Host, password: password,
		}
		if strictSeen.shards == 13 {
			u.Fail("shards", "is 13: want a lucky number")
		}
		if err := u.Err(); err != nil {
			return nil, err
		}
		return fragment.Null(), nil
	})
}

func openURL(t testing.TB, rawURL string) error {
	c, err := fragment.Open(t.Context(), rawURL, fragment.Options{})
	if err == nil {
		c.Close()
	}
	return err
}

func TestParametersOfAURL(t *testing.T) {
	defaults := strict{64 << 20, 16, true, time.Minute, "none", "", ""}
	with := func(change func(*strict)) strict {
		s := defaults
		change(&s)
		return s
	}
	for rawURL, want := range map[string]strict{
		"strict-test:":                            defaults,
		"strict-test://":                          defaults,
		"STRICT-test://":                          defaults,
		"strict-test://?":                         defaults,
		"strict-test://h:1":                       with(func(s *strict) { s.host = "h:1" }),
		"strict-test://u:p%40ss@h":                with(func(s *strict) { s.host, s.password = "h", "p@ss" }),
		"strict-test://a:1,b:2":                   with(func(s *strict) { s.host = "a:1,b:2" }),
		"strict-test://a,b,c/x":                   with(func(s *strict) { s.host = "a,b,c" }),
		"strict-test://[::1]:1,[::2]:2?size=1":    with(func(s *strict) { s.host, s.size = "[::1]:1,[::2]:2", 1 }),
		"strict-test://u:p%40ss@a:1,b:2/":         with(func(s *strict) { s.host, s.password = "a:1,b:2", "p@ss" }),
		"strict-test:?size=1":                     with(func(s *strict) { s.size = 1 }),
		"strict-test://?size=64B":                 with(func(s *strict) { s.size = 64 }),
		"strict-test://?size=3KiB":                with(func(s *strict) { s.size = 3 << 10 }),
		"strict-test://?size=3MiB":                with(func(s *strict) { s.size = 3 << 20 }),
		"strict-test://?size=3GiB":                with(func(s *strict) { s.size = 3 << 30 }),
		"strict-test://?size=3KB":                 with(func(s *strict) { s.size = 3e3 }),
		"strict-test://?size=3MB":                 with(func(s *strict) { s.size = 3e6 }),
		"strict-test://?size=3GB":                 with(func(s *strict) { s.size = 3e9 }),
		"strict-test://?shards=-4":                with(func(s *strict) { s.shards = -4 }),
		"strict-test://?on=false":                 with(func(s *strict) { s.on = false }),
		"strict-test://?every=1h30m":              with(func(s *strict) { s.every = 90 * time.Minute }),
		"strict-test://?every=1d12h":              with(func(s *strict) { s.every = 36 * time.Hour }),
		"strict-test://?name=":                    with(func(s *strict) { s.name = "" }),
		"strict-test://?name=a%26b%3D%20c":        with(func(s *strict) { s.name = "a&b= c" }),
		"strict-test://?on=true&shards=1&on=":     {}, // is refused
		"strict-test://?size=9223372036854775807": with(func(s *strict) { s.size = 1<<63 - 1 }),
	} {
		err := openURL(t, rawURL)
		if want == (strict{}) {
			if err == nil {
				t.Errorf("%s is taken", rawURL)
			}
			continue
		}
		if err != nil || strictSeen != want {
			t.Errorf("%s: %v, %+v, want %+v", rawURL, err, strictSeen, want)
		}
	}
}

// What is wrong is named, with what to write instead.
func TestStrictURL(t *testing.T) {
	for rawURL, want := range map[string][]string{
		"strict-test://?sise=1":                   {`"sise"`, "size", "shards", "every"},
		"strict-test://?Size=1":                   {`"Size"`},
		"strict-test://?=1":                       {`""`},
		"null:?size=1":                            {`"size"`, "none"},
		"strict-test://?size=1&size=2":            {"size", "once"},
		"strict-test://?name=1&name=1":            {"name", "once"},
		"strict-test://?size=0":                   {"size", `"0"`, "64MiB"},
		"strict-test://?size=-1":                  {"size", `"-1"`},
		"strict-test://?size=":                    {"size", `""`},
		"strict-test://?size=MiB":                 {"size"},
		"strict-test://?size=1.5MiB":              {"size"},
		"strict-test://?size=64mib":               {"size"},
		"strict-test://?size=64%20MiB":            {"size"},
		"strict-test://?size=0x10":                {"size"},
		"strict-test://?size=9999999999GiB":       {"size"},
		"strict-test://?size=9223372036854775808": {"size"},
		"strict-test://?shards=x":                 {"shards", `"x"`, "64"},
		"strict-test://?shards=1.0":               {"shards"},
		"strict-test://?shards=":                  {"shards"},
		"strict-test://?shards=13":                {"shards", "lucky"},
		"strict-test://?on=1":                     {"on", "true or false"},
		"strict-test://?on=TRUE":                  {"on"},
		"strict-test://?on":                       {"on"},
		"strict-test://?every=5":                  {"every", "30s"},
		"strict-test://?every=0s":                 {"every"},
		"strict-test://?every=-1s":                {"every"},
		"strict-test://?a=1;b=2":                  {"name=value"},
		"strict-test://?name=%zz":                 {"name=value"},
		"strict-test://#size=1":                   {"#"},
		"":                                        {"scheme", "null:", "bigcache"},
		"?size=1":                                 {"scheme"},
		"/var/cache":                              {"scheme"},
		"unknown://":                              {`"unknown"`, "strict-test", "null"},
		"://":                                     {"parse"},
		"strict-test://[::1":                      {"parse"},
		"strict-test://h:port":                    {"parse"},
		"strict-test://\x00":                      {"parse"},
	} {
		err := openURL(t, rawURL)
		if err == nil {
			t.Errorf("%q is taken", rawURL)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v: does not tell %s", rawURL, err, part)
			}
		}
	}
}

// A driver that forgets to ask for errors is not silently lenient.
func TestDriverThatDoesNotAskForErrors(t *testing.T) {
	before := careless.closes
	if err := openURL(t, "careless-test:?unknown=1"); err == nil || !strings.Contains(err.Error(), `"unknown"`) {
		t.Errorf("Open: %v, want an error that names the parameter", err)
	}
	if err := openURL(t, "careless-test:?size=x"); err == nil || !strings.Contains(err.Error(), "size") {
		t.Errorf("Open: %v, want an error that names the parameter", err)
	}
	must(t, openURL(t, "careless-test:?size=1"))
	if n := careless.closes - before; n != 2 {
		t.Errorf("%d of its backends were closed, want all but that of the Cache", n)
	}
	if err := openURL(t, "nothing-test:"); err == nil {
		t.Error("a driver that opens nothing is taken")
	}
}

var careless = newMemory()

func init() {
	fragment.Register("careless-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		if u.Size("size", 1); u.RawQuery == "size=1" {
			return fragment.Null(), nil
		}
		return careless, nil
	})
	fragment.Register("nothing-test", func(context.Context, *fragment.URL) (fragment.Backend, error) { return nil, nil })
}

func TestRegisterTwicePanics(t *testing.T) {
	null := func(context.Context, *fragment.URL) (fragment.Backend, error) { return fragment.Null(), nil }
	for want, register := range map[string]func(){
		"null":     func() { fragment.Register("null", null) },
		"nil-test": func() { fragment.Register("nil-test", nil) },
	} {
		if p := panicOf(register); p == nil || !strings.Contains(fmt.Sprint(p), want) {
			t.Errorf("recovered %v, want a panic that names %q", p, want)
		}
	}
	names := fragment.Drivers()
	if !slices.IsSorted(names) || !slices.Contains(names, "null") || slices.Contains(names, "nil-test") {
		t.Errorf("Drivers = %q", names)
	}
}

// A scheme of ours that is not registered is a forgotten import.
func TestForgottenImportIsNamed(t *testing.T) {
	if slices.Contains(fragment.Drivers(), "bigcache") {
		return // this test binary imports it
	}
	for rawURL, path := range map[string]string{
		"bigcache://?size=64MiB":     "bigcachebackend",
		"redis://localhost:6379":     "redisbackend",
		"redis-cluster://a:1,b:2":    "redisbackend",
		"unix:///run/redis.sock":     "redisbackend",
		"redis-sentinel://a:1,b:2/m": "redisbackend",
	} {
		err := openURL(t, rawURL)
		if err == nil || !strings.Contains(err.Error(), `_ "github.com/pongocache/pongocache/fragment/`+path+`"`) {
			t.Errorf("Open(%s): %v, want the import line", rawURL, err)
		}
	}
}
