package fragment_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func init() {
	fragment.Register("shared-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		return newMemory(), u.Err()
	})
}

func TestWarnings(t *testing.T) {
	tests := map[string]struct {
		config     string
		production bool
		want       []string // what each warning must hold
	}{
		"nothing amiss":            {`{"a": {"url": "memory-test:"}, "b": {"url": "shared-test:", "prefix": "shop"}}`, true, nil},
		"null in production":       {`{"a": {"url": "null:"}, "b": {"url": "memory-test:"}}`, true, []string{`cache "a" keeps nothing`}},
		"null elsewhere":           {`{"a": {"url": "null:"}}`, false, nil},
		"no prefix where it needs": {`{"a": {"url": "memory-test:"}, "b": {"url": "shared-test:"}}`, false, []string{`cache "b" has no prefix`}},
		"near for too long":        {`{"a": {"url": "test-server:", "prefix": "shop", "ttl": "5s", "near": "test-memory:", "near_ttl": "10s"}}`, false, []string{`cache "a" keeps copies near for 10s, although their TTL is 5s`}},
		"near for less":            {`{"a": {"url": "test-server:", "prefix": "shop", "near": "test-memory:"}}`, false, nil},
		"several":                  {`{"b": {"url": "shared-test:"}, "a": {"url": "null:"}}`, true, []string{`cache "a" keeps`, `cache "b" has`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var r fragment.Registry
			must(t, r.OpenConfig(t.Context(), []byte(test.config)))
			wantWarnings(t, &r, test.production, test.want...)
			must(t, r.Close())
			wantWarnings(t, &r, test.production)
		})
	}
}

func wantWarnings(t *testing.T, r *fragment.Registry, production bool, want ...string) {
	t.Helper()
	got := r.Warnings(fragment.WarnOptions{Production: production})
	if len(got) != len(want) {
		t.Fatalf("got the warnings %q, want %d that hold %q", got, len(want), want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got the warning %q, want one that holds %q", got[i], want[i])
		}
	}
}

func TestWarningsTellWhatIsNotOpen(t *testing.T) {
	var r fragment.Registry
	wantWarnings(t, &r, true)
	r.Cache("pages")
	shared := open(t, newMemory(), fragment.Options{})
	must(t, r.Use("one", shared))
	must(t, r.Use("one again", shared))
	wantWarnings(t, &r, true, `cache "one" has no prefix`, `cache "pages" is declared but not opened`)
}

// full is a Backend of this process that is as full as it says.
type full struct {
	local
	usage fragment.Usage
}

func (f full) Usage() fragment.Usage { return f.usage }

// A cache that is written as much as it holds twice an hour keeps an entry for
// half an hour on average.
func TestWarningsTellThatEntriesLastShorterThanTheirTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := full{local{newMemory()}, fragment.Usage{Bytes: 1000, Capacity: 1024}}
		var r fragment.Registry
		for name, ttl := range map[string]time.Duration{"day": 24 * time.Hour, "minute": time.Minute, "ever": fragment.Forever} {
			must(t, r.Use(name, open(t, b, fragment.Options{Policy: fragment.Policy{TTL: ttl}})))
		}
		for i := range 5 {
			if i*499 < 2000 {
				wantWarnings(t, &r, true) // too early to tell
			}
			for _, name := range r.Names() {
				must(t, r.Cache(name).Set(t.Context(), fragment.KeyOf("k", i), make([]byte, 499), fragment.Policy{}))
			}
			time.Sleep(15 * time.Minute)
		}
		wantWarnings(t, &r, true, `cache "day" is full, and its entries make way for others after 30m4s on average`)
	})
}

func TestShortLife(t *testing.T) {
	whole := fragment.Usage{Bytes: 1000, Capacity: 1000}
	tests := []struct {
		usage   fragment.Usage
		written uint64
		elapsed time.Duration
		ttl     time.Duration
		want    bool
	}{
		{whole, 10_000, time.Hour, time.Hour, true},
		{whole, 10_000, time.Hour, 5 * time.Minute, false},
		{whole, 10_000, time.Hour, 13 * time.Minute, true}, // lasts 6 min
		{whole, 10_000, time.Hour, 11 * time.Minute, false},
		{whole, 1999, time.Nanosecond, time.Hour, false}, // nothing has made way yet
		{fragment.Usage{Bytes: 700, Capacity: 1000}, 10_000, time.Hour, time.Hour, false},
		{fragment.Usage{Bytes: 1000}, 10_000, time.Hour, time.Hour, false},
		{fragment.Usage{}, 0, 0, time.Hour, false},
	}
	for _, test := range tests {
		got := fragment.ShortLife(test.usage, test.written, test.elapsed, test.ttl)
		if (got != "") != test.want {
			t.Errorf("%+v: got the warning %q, want one: %v", test, got, test.want)
		}
	}
}
