package fragment_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func TestConfigurationSaysWhatOptionsAre(t *testing.T) {
	r := fragment.Registry{Options: func(string) fragment.Options {
		return fragment.Options{Prefix: "base", Wait: time.Hour, Policy: fragment.Policy{TTL: time.Hour, Stale: time.Hour, Inline: true, Tags: []string{"t"}}}
	}}
	urls, options, err := fragment.ConfigOf(&r, `{
		"default": {
			"url": "redis://:s3cret@cache:6379", "prefix": "shop", "ttl": "7d", "stale": "forever", "jitter": 0.1, "early": 1e0,
			"detach": true, "not_found_ttl": "1m30s", "error_ttl": "0.5s", "retry_after": "1s", "fill_timeout": "1h",
			"fill_soft_timeout": "200ms", "wait": "5s", "read_timeout": "50ms", "write_timeout": "2s", "max_value": "1MiB"
		},
		"pages": {"jitter": 0, "early": 0.0, "url": "null:"}
	}`)
	must(t, err)
	want := map[string]fragment.Options{
		"default": {
			Prefix: "shop", Wait: 5 * time.Second, ReadTimeout: 50 * time.Millisecond, WriteTimeout: 2 * time.Second, MaxValue: 1 << 20,
			Policy: fragment.Policy{
				TTL: 7 * 24 * time.Hour, Stale: fragment.Forever, Jitter: 0.1, Early: 1, Detach: true,
				NotFoundTTL: 90 * time.Second, ErrorTTL: time.Second / 2, RetryAfter: time.Second, FillTimeout: time.Hour,
				FillSoftTimeout: 200 * time.Millisecond, Tags: []string{"t"},
			},
		},
		"pages": {Prefix: "base", Wait: time.Hour, Policy: fragment.Policy{TTL: time.Hour, Stale: time.Hour, Jitter: -1, Early: -1, Inline: true, Tags: []string{"t"}}},
	}
	if !reflect.DeepEqual(options, want) {
		t.Errorf("got %+v, want %+v", options, want)
	}
	if !maps.Equal(urls, map[string]string{"default": "redis://:s3cret@cache:6379", "pages": "null:"}) {
		t.Errorf("got the URLs %v", urls)
	}
}

func TestWrongConfiguration(t *testing.T) {
	field := func(text string) string { return `{"pages": {"url": "memory-test:", ` + text + `}}` }
	tests := []struct {
		text  string
		names []string
	}{
		{``, []string{`{"default"`}},
		{`[]`, []string{`{"default"`}},
		{`"redis://:s3cret@cache"`, []string{`{"default"`}},
		{`{}`, []string{"no cache", `{"default"`}},
		{`{`, []string{"line 1", `{"default"`}},
		{"{\n\n\"a\": {,}}", []string{"line 3", `{"default"`}},
		{`{"a": {"url": "null:"}`, []string{"line 1"}},
		{`{"a": {"url": "null:"}} {}`, []string{"follows"}},
		{`{"a": {"url": "null:"}}s3cret`, []string{"follows"}},
		{`{"a": "redis://:s3cret@cache"}`, []string{`cache "a"`, "object"}},
		{`{"a": null}`, []string{`cache "a"`, "object"}},
		{`{"a": [{"url": "null:"}]}`, []string{`cache "a"`, "object"}},
		{`{"a": {}}`, []string{`cache "a"`, `"url" is missing`, "redis://cache:6379"}},
		{`{"a": {"url": "null:"}, "a": {"url": "null:"}}`, []string{`"a" is there twice`}},
		{`{"a": {"url": "null:"}, "\u0061": {"url": "null:"}}`, []string{`"a" is there twice`}},
		{`{"": {"url": "null:"}}`, []string{"name", `"default"`}},
		{`{"redis://:s3cret@cache": {"url": "null:"}}`, []string{"name", `"default"`}},
		{field(`"redis://:s3cret@cache": 1`), []string{`cache "pages"`, "no field", "prefix"}},
		{field(`"TTL": "5m"`), []string{`cache "pages"`, `"TTL"`, "ttl"}},
		{field(`"size": "5MiB"`), []string{`cache "pages"`, `"size"`, "max_value"}},
		{field(`"ttl": "5m", "ttl": "5m"`), []string{`cache "pages"`, `"ttl" is there twice`}},
		{field(`"url": "null:"`), []string{`cache "pages"`, `"url" is there twice`}},
		{field(`"prefix": "redis://:s3cret@cache"`), []string{`cache "pages"`, `"prefix"`, `"shop"`}},
		{field(`"prefix": 1`), []string{`"prefix"`}},
		{field(`"ttl": 300`), []string{`cache "pages"`, `"ttl"`, `"5m"`, `"forever"`}},
		{field(`"ttl": "300"`), []string{`"ttl"`, `"5m"`}},
		{field(`"ttl": ""`), []string{`"ttl"`, `"5m"`}},
		{field(`"ttl": "0s"`), []string{`"ttl"`, `"5m"`}},
		{field(`"ttl": "-5m"`), []string{`"ttl"`, `"5m"`}},
		{field(`"ttl": "Forever"`), []string{`"ttl"`, `"forever"`}},
		{field(`"ttl": null`), []string{`"ttl"`}},
		{field(`"ttl": {"a": 1}`), []string{`"ttl"`}},
		{field(`"ttl": ["5m"]`), []string{`"ttl"`}},
		{field(`"ttl": true`), []string{`"ttl"`}},
		{field(`"wait": "forever"`), []string{`"wait"`, `"1h30m"`}},
		{field(`"jitter": "0.1"`), []string{`"jitter"`, "0.1"}},
		{field(`"jitter": 1.01`), []string{`"jitter"`}},
		{field(`"jitter": -0.1`), []string{`"jitter"`}},
		{field(`"jitter": 1e999`), []string{`"jitter"`}},
		{field(`"early": -1`), []string{`"early"`}},
		{field(`"early": 1e999`), []string{`"early"`}},
		{field(`"detach": "true"`), []string{`"detach"`, "true or false"}},
		{field(`"detach": 1`), []string{`"detach"`}},
		{field(`"max_value": 1000`), []string{`"max_value"`, `"1MiB"`}},
		{field(`"max_value": "0"`), []string{`"max_value"`}},
		{`{"pages": {"url": ""}}`, []string{`cache "pages"`, `"url"`}},
		{`{"pages": {"url": ["redis://:s3cret@cache"]}}`, []string{`cache "pages"`, `"url"`}},
		{`{"pages": {"url": "null:?pass=s3cret"}}`, []string{`cache "pages"`, "pass"}},
		{`{"pages": {"url": "nosuch://:s3cret@cache"}}`, []string{`cache "pages"`, "nosuch"}},
		{`{"pages": {"url": "memory://?size=64MiB"}}`, []string{`cache "pages"`, "fragment/memorybackend"}},
	}
	before := stillOpen.Load()
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			var r fragment.Registry
			wantToldIn(t, r.OpenConfig(t.Context(), []byte(test.text)), test.names...)
			if n := stillOpen.Load() - before; n != 0 || len(r.Names()) != 0 {
				t.Errorf("got %d backends left open and the caches %v, want none", n, r.Names())
			}
		})
	}
}

// FuzzConfiguration: whatever the text, there is an error or caches that have what
// they need, no panic, and no password in the error.
func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{
		`{"default": {"url": "memory-test:", "prefix": "shop", "ttl": "5m", "stale": "7d", "jitter": 0.1, "detach": true, "max_value": "1MiB"}}`,
		`{"a": {"url": "null:"}, "b": {"url": "redis://:hunter2@cache"}}`, `{"a": {"url": "null:"}, "a": {}}`, `{"a": "hunter2@"}`, "{\n", `{}`, `{"a":{"ttl":[[[[[`,
		`{"://:hunter2@": {}}`, `{"a": {"://:hunter2@": 1}}`, `{"a": {"prefix": "://:hunter2@"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r fragment.Registry
		urls, options, err := fragment.ConfigOf(&r, text)
		if err != nil {
			if len(urls) != 0 || strings.Contains(err.Error(), ":hunter2@") {
				t.Errorf("got %v and the error %q, want nothing, and no password in it", urls, err)
			}
			return
		}
		if len(urls) == 0 {
			t.Error("got no cache and no error")
		}
		for name, url := range urls {
			o := options[name]
			lives := []time.Duration{o.Policy.TTL, o.Policy.Stale, o.Wait, o.ReadTimeout, o.Policy.FillTimeout}
			if url == "" || name == "" || slices.Min(lives) < 0 || math.IsNaN(o.Policy.Early) {
				t.Errorf("cache %q: got the URL %q and %+v, want what is open to no doubt", name, url, o)
			}
			if _, err := fragment.New(fragment.Null(), o); err != nil {
				t.Errorf("cache %q: got options with the error %v, want none", name, err)
			}
		}
	})
}
