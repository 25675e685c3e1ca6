package fragment_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// setEnv sets the variables that OpenEnv reads.
func setEnv(t *testing.T, rawURL, caches string) {
	t.Helper()
	t.Setenv("CACHE_URL", rawURL)
	t.Setenv("CACHES", caches)
}

// configFile is the path of a file that holds text.
func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "caches.json")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestEnvironmentOpensCaches(t *testing.T) {
	const two = `{"default": {"url": "memory-test:", "prefix": "shop"}, "pages": {"url": "null:"}}`
	tests := map[string]struct {
		url, caches, byDefault string
		want                   string
	}{
		"a URL":                       {"memory-test:", "", "", "[default]"},
		"a URL and a default":         {"memory-test:", "", "refuse-test:", "[default]"},
		"JSON":                        {"", two, "", "[default pages]"},
		"JSON with space around":      {"", "\n\t " + two + "\n", "refuse-test:", "[default pages]"},
		"a file":                      {"", configFile(t, two), "", "[default pages]"},
		"nothing but a default":       {"", "", "memory-test:", "[default]"},
		"a name other than default":   {"", `{"pages": {"url": "null:"}}`, "", "[pages]"},
		"all characters of a name":    {"", `{"Shop/v1:a.b_c-d": {"url": "null:"}}`, "", "[Shop/v1:a.b_c-d]"},
		"an escape that spells a url": {"", `{"default": {"\u0075rl": "null\u003a"}}`, "", "[default]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setEnv(t, test.url, test.caches)
			var r fragment.Registry
			if err := r.OpenEnv(t.Context(), test.byDefault); err != nil {
				t.Fatalf("OpenEnv: got error %v, want none", err)
			}
			if got := fmt.Sprint(r.Names()); got != test.want {
				t.Errorf("got the caches %s, want %s", got, test.want)
			}
			for _, name := range r.Names() {
				must(t, r.Cache(name).Set(t.Context(), body, []byte("v"), fragment.Policy{}))
			}
			must(t, r.Close())
		})
	}
}

func TestWrongEnvironment(t *testing.T) {
	tests := map[string]struct {
		url, caches, byDefault string
		names                  []string
	}{
		"both":                 {"memory-test:", `{"default": {"url": "null:"}}`, "null:", []string{"CACHE_URL", "CACHES", "both"}},
		"none":                 {"", "", "", []string{"CACHE_URL=redis://", `CACHES={"default"`}},
		"a URL of no driver":   {"nosuch://x", "", "null:", []string{"CACHE_URL", `cache "default"`, "nosuch"}},
		"a default that fails": {"", "", "refuse-test:", []string{"CACHE_URL", "default", errDisk.Error()}},
		"a URL as JSON":        {"", "redis://:s3cret@cache", "null:", []string{"CACHES", "CACHE_URL"}},
		"no such file":         {"", "/nosuch/s3cret@x.json", "null:", []string{"CACHES", "no such file", `{"default"`}},
		"a file without JSON":  {"", configFile(t, "s3cret"), "null:", []string{"CACHES", `{"default"`}},
		"a file of one line":   {"", configFile(t, "{\n\"default\": {]}"), "null:", []string{"CACHES", "line 2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setEnv(t, test.url, test.caches)
			var r fragment.Registry
			wantToldIn(t, r.OpenEnv(t.Context(), test.byDefault), test.names...)
			if len(r.Names()) != 0 {
				t.Errorf("got the caches %v, want none", r.Names())
			}
		})
	}
}

// wantToldIn requires an error that names all of words and no password.
func wantToldIn(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one that names %q", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got the error %q, want one that names %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got the error %q, want no password in it", err)
	}
}

// What was opened before one that fails is closed, and its name free.
func TestConfigurationIsOpenedWholeOrNotAtAll(t *testing.T) {
	const fails = `{"a": {"url": "memory-test:"}, "b": {"url": "memory-test:"}, "c": {"url": "refuse-test:"}}`
	var r fragment.Registry
	before, declared := stillOpen.Load(), r.Cache("a")
	wantToldIn(t, r.OpenConfig(t.Context(), []byte(fails)), `cache "c"`, errDisk.Error())
	if n := stillOpen.Load() - before; n != 0 {
		t.Errorf("got %d backends left open, want none", n)
	}
	wantErr(t, "Set", declared.Set(t.Context(), body, nil, fragment.Policy{}), fragment.ErrNotOpen)
	must(t, r.OpenConfig(t.Context(), []byte(strings.Replace(fails, "refuse", "memory", 1))))
	must(t, declared.Set(t.Context(), body, nil, fragment.Policy{}))
	if names := r.Names(); !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("got the caches %v, want a, b and c", names)
	}
	wantToldIn(t, r.OpenConfig(t.Context(), []byte(`{"d": {"url": "memory-test:"}, "b": {"url": "memory-test:"}}`)), `"b" is open already`)
	must(t, r.Close())
	if n := stillOpen.Load() - before; n != 0 {
		t.Errorf("got %d backends left open, want none", n)
	}
	wantToldIn(t, r.OpenConfig(t.Context(), []byte(fails)), "closed")
}

// during is called while the driver "cutting-test" opens.
var during atomic.Value // of func()

func init() {
	fragment.Register("cutting-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		during.Load().(func())()
		return local{newMemory()}, u.Err()
	})
}

// A name that somebody takes while others are opened.
func TestConfigurationIsNotOpenedOverAnotherCache(t *testing.T) {
	var r fragment.Registry
	before, own := stillOpen.Load(), fresh(t, fragment.Options{})
	during.Store(func() { must(t, r.Use("a", own)) })
	err := r.OpenConfig(t.Context(), []byte(`{"a": {"url": "memory-test:"}, "b": {"url": "cutting-test:"}}`))
	wantToldIn(t, err, `"a" is open already`)
	if n := stillOpen.Load() - before; n != 0 || fmt.Sprint(r.Names()) != "[a]" {
		t.Errorf("got %d backends left open and the caches %v, want none and a", n, r.Names())
	}
	must(t, r.Cache("a").Set(t.Context(), body, nil, fragment.Policy{}))
}

// What the registry has for all caches is theirs as if Open had opened them.
func TestConfiguredCachesHaveWhatTheRegistryHas(t *testing.T) {
	var shared, own watcher
	r := fragment.Registry{Observe: shared.observe, Options: func(name string) fragment.Options {
		if name == "b" {
			return fragment.Options{Observe: own.observe}
		}
		return fragment.Options{MaxValue: 3}
	}}
	must(t, r.OpenConfig(t.Context(), []byte(`{"a": {"url": "memory-test:"}, "b": {"url": "memory-test:"}}`)))
	wantErr(t, "Set", r.Cache("a").Set(t.Context(), body, []byte("long"), fragment.Policy{}), fragment.ErrTooLarge)
	must(t, r.Cache("b").Set(t.Context(), body, []byte("long"), fragment.Policy{}))
	if len(shared.events()) == 0 || len(own.events(fragment.EventStore)) != 1 {
		t.Errorf("got %d events of a and %d of b, want some of each", len(shared.events()), len(own.events()))
	}
	must(t, r.Close())

	t.Setenv("CACHE_URL", "memory-test:")
	one := fragment.Registry{Options: func(string) fragment.Options { return fragment.Options{MaxValue: 3} }}
	must(t, one.OpenEnv(t.Context(), ""))
	wantErr(t, "Set", one.Cache("").Set(t.Context(), body, []byte("long"), fragment.Policy{}), fragment.ErrTooLarge)
	must(t, one.Close())
}
