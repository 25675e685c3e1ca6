package pongocache_test

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	_ "github.com/pongocache/pongocache/fragment/filebackend"
	_ "github.com/pongocache/pongocache/fragment/memcachedbackend"
	_ "github.com/pongocache/pongocache/fragment/memorybackend"
)

// A row of a table in the README: the text of its cells, and what stands in
// backticks in the last ones.
type row struct {
	names []string // in backticks in the first cell
	text  string   // of the other cells
	codes []string // in backticks in those
}

var backticks = regexp.MustCompile("`([^`]+)`")

func codesIn(text string) (codes []string) {
	for _, match := range backticks.FindAllStringSubmatch(text, -1) {
		codes = append(codes, match[1])
	}
	return codes
}

// readmePart is what follows a heading of the README, up to the next one.
func readmePart(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(text), heading+"\n")
	if part, _, _ = strings.Cut(part, "\n#"); !found {
		t.Fatalf("README.md has no heading %q", heading)
	}
	return part
}

func rowsOf(t *testing.T, heading string) (rows []row) {
	t.Helper()
	for line := range strings.Lines(readmePart(t, heading)) {
		cells := strings.SplitN(strings.Trim(line, "| \n"), " | ", 2)
		if strings.HasPrefix(line, "| ") && len(cells) == 2 {
			rows = append(rows, row{codesIn(cells[0]), cells[1], codesIn(cells[1])})
		}
	}
	return rows
}

var ofScheme = regexp.MustCompile(`^[a-z+-]+:(\S*)$`)

const backendsHeading, flaskHeading = "## Backends", "### Coming from Flask-Caching"

// What the README writes as the URL of a cache opens one, which stores and
// serves.
func TestURLsInReadmeOpen(t *testing.T) {
	byScheme := make(map[string][]string)
	for _, r := range slices.Concat(rowsOf(t, backendsHeading), rowsOf(t, flaskHeading)) {
		for _, code := range append(r.names, r.codes...) {
			scheme, _, _ := strings.Cut(code, ":")
			if ofScheme.MatchString(code) && !slices.Contains(byScheme[scheme], code) {
				byScheme[scheme] = append(byScheme[scheme], code)
			}
		}
	}
	for _, scheme := range fragment.Drivers() {
		if len(byScheme[scheme]) == 0 {
			t.Errorf("README.md shows no URL of the scheme %s", scheme)
		}
	}
	for scheme, urls := range byScheme {
		t.Run(scheme, func(t *testing.T) {
			f := fleet{t: t}
			for _, rawURL := range urls {
				f.open(rawURL)
			}
		})
	}
}

// patient waits for servers that start on a machine which is busy.
var patient = fragment.Options{ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}

// open opens a URL of the README, and uses the cache if there is a server for it.
func (f *fleet) open(rawURL string) {
	f.t.Helper()
	there, real := f.url(rawURL)
	c, err := fragment.Open(context.Background(), there, patient)
	if err != nil {
		f.t.Errorf("%s: %v", rawURL, err)
		return
	}
	defer c.Close()
	if real {
		wantServes(f.t, rawURL, c)
	}
}

// wantServes requires that a cache fills once and then serves, without a fault;
// that of null: fills each time.
func wantServes(t *testing.T, name string, c *fragment.Cache) {
	t.Helper()
	fills, want := 0, 1
	if name == "null:" {
		want = 2
	}
	for range 2 {
		value, err := c.Do(context.Background(), fragment.KeyOf("parity", name), fragment.Policy{}, func(context.Context) ([]byte, error) {
			fills++
			return []byte("value"), nil
		})
		if string(value) != "value" || err != nil {
			t.Errorf("%s: Do: got %q, error %v, want the value", name, value, err)
		}
	}
	if s := c.Stats(); fills != want || s.Faults != 0 {
		t.Errorf("%s: got %d fills and %d faults, want %d and none", name, fills, s.Faults, want)
	}
}

// What the README shows as fields of a cache in CACHES are such.
func TestFieldsInReadmeAreTaken(t *testing.T) {
	f, n := fleet{t: t}, 0
	for _, r := range rowsOf(t, flaskHeading) {
		for _, code := range r.codes {
			if !strings.HasPrefix(code, `"`) {
				continue
			}
			n++
			fields := map[string]any{"url": "bigcache://"}
			if err := json.Unmarshal([]byte("{"+code+"}"), &fields); err != nil {
				t.Errorf("%s: %v", code, err)
				continue
			}
			f.openConfig(code, map[string]map[string]any{"default": fields})
		}
	}
	if n == 0 {
		t.Error("README.md shows no fields")
	}
}

// openConfig opens caches as a configuration, and uses each.
func (f *fleet) openConfig(name string, caches map[string]map[string]any) {
	f.t.Helper()
	r := fragment.Registry{Options: func(string) fragment.Options { return patient }}
	defer r.Close()
	if err := r.OpenConfig(context.Background(), f.config(caches)); err != nil {
		f.t.Errorf("%s: %v", name, err)
		return
	}
	for cache := range caches {
		wantServes(f.t, name+cache, r.Cache(cache))
	}
}

// config is caches as a configuration with servers that are there.
func (f *fleet) config(caches map[string]map[string]any) []byte {
	f.t.Helper()
	for _, fields := range caches {
		for _, name := range []string{"url", "near", "fallback"} {
			if rawURL, given := fields[name].(string); given {
				fields[name], _ = f.url(rawURL)
			}
		}
	}
	text, err := json.Marshal(caches)
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

var variable = regexp.MustCompile(`(?s)\b(CACHE_URL|CACHES)='([^']*)'`)

func TestEnvironmentInReadmeOpens(t *testing.T) {
	found := variable.FindAllStringSubmatch(readmePart(t, "### From the environment"), -1)
	if len(found) != 2 {
		t.Fatalf("README.md sets %d variables, want both", len(found))
	}
	f := fleet{t: t}
	for _, v := range found {
		t.Setenv("CACHE_URL", "")
		t.Setenv("CACHES", "")
		caches := map[string]map[string]any{"default": {"url": v[2]}}
		if v[1] == "CACHE_URL" {
			there, _ := f.url(v[2])
			t.Setenv(v[1], there)
		} else if err := json.Unmarshal([]byte(v[2]), &caches); err != nil {
			t.Fatalf("%s: %v", v[1], err)
		} else {
			t.Setenv(v[1], string(f.config(caches)))
		}
		r := fragment.Registry{Options: func(string) fragment.Options { return patient }}
		if err := r.OpenEnv(t.Context(), ""); err != nil {
			t.Fatalf("%s: %v", v[1], err)
		}
		for name := range caches {
			wantServes(t, v[1]+name, r.Cache(name))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
