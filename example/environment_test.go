package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without -cache the environment says where the caches are.
func TestEnvironmentNamesTheCaches(t *testing.T) {
	file := writeCaches(t, `{"default": {"url": "null:"}, "modular": {"url": "memory://"}}`)
	const unopened = `cache \"modular\" is declared but not opened`
	for _, c := range []struct {
		cacheURL, caches string
		args             []string
		want, not        string
	}{
		{"", "", nil, "  cache     bigcache://\n", "WARN"},
		{"memory://?size=8MiB", "", nil, "  cache     memory://?size=8MiB\n", "WARN"},
		{"teapot://", "", []string{"-cache", "null:"}, "  cache     null:\n", "WARN"},
		{"teapot://", "", nil, `CACHE_URL: cache "default": fragment: open: unknown scheme "teapot"`, "http://"},
		{"null:", "{}", nil, "CACHE_URL and CACHES are both set", "http://"},
		{"", file, nil, "  cache     the places that CACHES names\n", "WARN"},
		{"", `{"default": {"url": "memory://"}}`, nil, unopened, "is full"},
		{"", `{"default": {"url": "memory://", "size": 1}}`, nil, `"size" is no field`, "http://"},
		{"", "caches.json", nil, "CACHES is neither JSON", "http://"},
	} {
		t.Setenv("CACHE_URL", c.cacheURL)
		t.Setenv("CACHES", c.caches)
		got := outcome(t, c.args...)
		if !strings.Contains(got, c.want) || strings.Contains(got, c.not) {
			t.Errorf("CACHE_URL=%s CACHES=%s %q: got %q, want %q in it and no %q", c.cacheURL, c.caches, c.args, got, c.want, c.not)
		}
		if strings.Count(got, unopened) > 1 {
			t.Errorf("CACHES=%s: warned more than once: %q", c.caches, got)
		}
	}
}

func writeCaches(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "caches.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
