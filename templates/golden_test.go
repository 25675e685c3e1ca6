package templates_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

var update = flag.Bool("update", false, "write what the golden tests got into testdata")

// A golden file holds a sentence, templates ("-- name --"), and at its end what
// page.html gives ("-- out --"): the output of each of two renderings, the second
// with n=2 instead of 1, and what the cache did meanwhile. Those of package tags are
// of what needs no Set.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			const mark = "-- out --\n"
			source, want, _ := strings.Cut(string(text), mark)
			got := runGolden(t, source)
			if *update {
				if err := os.WriteFile(path, []byte(source+mark+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("%s:\n%s\ngot:\n%s\nwant:\n%s", path, source, got, want)
			}
		})
	}
}

// runGolden renders page.html twice.
func runGolden(t *testing.T, source string) string {
	files := make(map[string]string)
	for _, part := range strings.Split("\n"+source, "\n-- ")[1:] {
		name, text, _ := strings.Cut(part, " --\n")
		files[name] = strings.TrimSuffix(text, "\n")
	}
	var trace []string
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: func(_ context.Context, e fragment.Event) {
		trace = append(trace, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Name, " ", e.Reason)))
	}})
	if err != nil {
		t.Fatal(err)
	}
	registry := new(fragment.Registry)
	if err := registry.Use(fragment.DefaultName, c); err != nil {
		t.Fatal(err)
	}
	set, err := templates.New(inMemory(files), registry, templates.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for n := 1; n <= 2; n++ {
		got, err := render(set, "page.html", map[string]any{"n": n, "page": "page.html", "request": map[string]int{"n": n}})
		if err != nil {
			got = err.Error()
		}
		fmt.Fprintf(&out, "%s\n=> %s\n", got, strings.Join(trace, ", "))
		trace = nil
	}
	return out.String()
}
