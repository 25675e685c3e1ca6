package tags_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/flosch/pongo2/v6"
)

var update = flag.Bool("update", false, "write what the golden tests got into testdata")

// A golden file holds a sentence, templates ("-- name --"), and at its end
// what page.html gives ("-- out --"): the output of each of two executions, the
// second with n=2 instead of 1, and what the caches did meanwhile.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			source, want := readGolden(t, path)
			var got string
			synctest.Test(t, func(t *testing.T) { got = runGolden(t, parseGolden(source)) })
			if *update {
				if err := os.WriteFile(path, []byte(source+outMark+got), 0o644); err != nil {
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

const outMark = "-- out --\n"

func readGolden(t *testing.T, path string) (source, out string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	source, out, _ = strings.Cut(string(text), outMark)
	return source, out
}

func parseGolden(source string) map[string]string {
	files := make(map[string]string)
	parts := strings.Split("\n"+source, "\n-- ")
	for _, part := range parts[1:] {
		name, text, _ := strings.Cut(part, " --\n")
		files[name] = strings.TrimSuffix(text, "\n")
	}
	return files
}

func runGolden(t *testing.T, files map[string]string) string {
	var out strings.Builder
	s := newSite(t, files)
	for n := 1; n <= 2; n++ {
		got, err := s.render("page.html", pongo2.Context{"n": n})
		if err != nil {
			got = err.Error()
		}
		fmt.Fprintf(&out, "%s\n=> %s\n", got, s.trace.take())
	}
	return out.String()
}
