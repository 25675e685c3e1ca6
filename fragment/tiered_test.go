package fragment_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// closing counts how often the backends of URLs were closed.
type closing struct {
	fragment.Backend
	closed *int
}

func (c closing) Close() error { *c.closed++; return c.Backend.Close() }

var urlsOpened, urlsClosed int

func init() {
	server := fragmenttest.NewServer()
	fragment.Register("test-server", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		urlsOpened++
		return closing{server.Connect(), &urlsClosed}, u.Err()
	})
	fragment.Register("test-memory", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		urlsOpened++
		return local{closing{fragmenttest.NewMemory(), &urlsClosed}}, u.Err()
	})
}

func TestURLsMadeOfOthers(t *testing.T) {
	ctx, q := t.Context(), url.QueryEscape
	tiered := "tiered:?near=" + q("test-memory:") + "&far=" + q("test-server:") + "&ttl=30s&jitter=0.1"
	fallback := "fallback:?first=" + q(tiered) + "&then=" + q("fallback:?first="+q("test-server:")+"&then="+q("test-memory:"))
	for _, rawURL := range []string{tiered, fallback} {
		urlsOpened, urlsClosed = 0, 0
		c, err := fragment.Open(ctx, rawURL, fragment.Options{Prefix: "p"})
		must(t, err)
		k := fragment.KeyOf("k")
		wantDo(t, c, k, withTags(), give("v"), "v")
		wantGet(t, c, k, "v")
		if s := c.Stats(); s.Near != 1 {
			t.Errorf("%s: %d near hits, want one", rawURL, s.Near)
		}
		must(t, c.Clear(ctx))
		if must(t, c.Close()); urlsOpened != urlsClosed || urlsOpened < 2 {
			t.Errorf("%s: %d opened, %d closed", rawURL, urlsOpened, urlsClosed)
		}
	}
}

func TestConfigurationOfTiersAndFallbacks(t *testing.T) {
	urlsOpened, urlsClosed = 0, 0
	var r fragment.Registry
	must(t, r.OpenConfig(t.Context(), []byte(`{"default": {
		"url": "test-server:", "near": "test-memory:", "near_ttl": "5s", "near_jitter": 0.1,
		"fallback": "test-memory:", "fallback_ttl": "20s", "prefix": "shop"
	}}`)))
	c, k := r.Cache(""), fragment.KeyOf("k")
	wantDo(t, c, k, withTags(), give("v"), "v")
	wantGet(t, c, k, "v")
	if s := c.Stats(); s.Near != 1 || urlsOpened != 3 {
		t.Errorf("%d near hits, %d backends", s.Near, urlsOpened)
	}
	if must(t, r.Close()); urlsClosed != 3 {
		t.Errorf("%d are closed", urlsClosed)
	}
}

func TestURLsMadeOfOthersAreStrict(t *testing.T) {
	for rawURL, want := range map[string]string{
		"tiered:":                                               "parameter near is missing: want a cache URL, percent-encoded",
		"tiered:?near=test-memory:":                             "parameter far is missing",
		"tiered://host?near=x":                                  "parameters alone, near and far",
		"tiered:?near=nothing:&far=y:":                          `parameter near: fragment: open: unknown scheme "nothing"`,
		"tiered:?near=test-memory:&far=redix://u:pw@h":          `unknown scheme "redix"`,
		"tiered:?near=test-memory:&far=test-server:&speed=1":    `unknown parameter "speed"`,
		"tiered:?near=test-server:&far=test-server:":            "Near is not in the memory",
		"tiered:?near=test-memory:&far=test-memory:":            "leave Near out",
		"tiered:?near=test-memory:&far=test-server:&ttl=x":      "parameter ttl",
		"tiered:?near=test-memory:&far=test-server:&jitter=2":   "NearJitter is 2",
		"tiered:?near=test-memory:&far=test-server:&jitter=NaN": "parameter jitter",
		"fallback:?first=test-memory:&then=test-memory:":        "leave Fallback out",
		"fallback:?first=test-server:":                          "parameter then is missing",
	} {
		urlsOpened, urlsClosed = 0, 0
		_, err := fragment.Open(t.Context(), rawURL, fragment.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: error %v, want %q in it", rawURL, err, want)
		}
		if urlsOpened != urlsClosed {
			t.Errorf("%s: %d opened, %d closed", rawURL, urlsOpened, urlsClosed)
		}
	}
}
