package pongocache_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/pongocache/pongocache/fragment"
)

// A promise is a row of the table: what holds for whatever is cached, and a short
// story that shows it. The story is told once for each surface, each time on a
// backend of this process and on a server that processes share.
type promise struct {
	says   string
	story  func(*world)
	policy fragment.Policy  // of what the story asks for
	cache  fragment.Options // of its caches

	// processes, if it is not zero, is how many share a server. Then the story is
	// not told on a backend of this process.
	processes int

	// except names the surfaces on which it cannot hold, and tells why.
	except map[string]string
}

// A chapter is the promises that are about one thing.
type chapter struct {
	title    string
	promises []promise
}

var chapters = []chapter{
	freshness, deciding, refills, background, oneFill, nesting, invalidation, severalProcesses, faults, outages, telling,
}

// Why something cannot hold on a surface.
const (
	bodyStays  = "a template body is rendered by the request that shows it, and never after that (rule 8)"
	noOption   = "the template tag has no option for this yet, and as the default of a cache it is ignored"
	ownFailure = "a handler that fails answers its own visitor: the header and the text that go with the error are nobody else's"
	noPageKey  = "a page has no key that code could name: it is freed by its tags"
	noTagKey   = "a block has no key that code could name: it is freed by tags.Delete and by its tags"
	onlyText   = "pongo2 passes on the text of an error, and not the error: what it wraps is lost on the way"
	halfPage   = "a page whose request's ctx has ended is not stored: it may be half of one (rule 3)"
)

// Each promise holds on each surface, unless the table says why it cannot.
func TestPromises(t *testing.T) {
	for _, c := range chapters {
		t.Run(c.title, func(t *testing.T) {
			for _, p := range c.promises {
				t.Run(p.says, p.test)
			}
		})
	}
}

// test tells the story of a promise for each surface.
func (p promise) test(t *testing.T) {
	for _, on := range surfaces {
		t.Run(on.name, func(t *testing.T) {
			if why := p.except[on.name]; why != "" {
				t.Logf("cannot hold: %s", why)
				return
			}
			for _, b := range p.backends() {
				t.Run(b.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { p.story(newWorld(t, p, on, b)) })
				})
			}
		})
	}
}

// backends are those that the story of p is told on.
func (p promise) backends() []backends {
	if p.processes > 0 {
		return []backends{shared}
	}
	return []backends{inProcess, shared}
}

// An exception must be of a surface that there is, or it would except nothing.
func TestExceptionsAreOfSurfaces(t *testing.T) {
	for _, c := range chapters {
		for _, p := range c.promises {
			for name := range p.except {
				if !slices.ContainsFunc(surfaces, func(s *surface) bool { return s.name == name }) {
					t.Errorf("%q: there is no surface %q", p.says, name)
				}
			}
		}
	}
}

var update = flag.Bool("update", false, "write the table of promises into testdata")

// The table is there to be read: testdata/promises.txt.
func TestTableOfPromises(t *testing.T) {
	const file = "testdata/promises.txt"
	got := table(chapters)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not the table of promises. Write it by: go test -run TestTableOfPromises -update .\ngot:\n%s", file, got)
	}
}

const tableHead = `What holds, wherever something is cached. A tick is a test that shows it, on a
backend of this process and on one that processes share, unless it is about one of
the two; a number is why it cannot hold.
`

// table renders chapters as text.
func table(chapters []chapter) string {
	var b strings.Builder
	var reasons []string
	b.WriteString(tableHead)
	wide := widest(chapters)
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n%s", pad(c.title, wide+2))
		for _, on := range surfaces {
			fmt.Fprintf(&b, "  %s", on.name)
		}
		b.WriteByte('\n')
		for _, p := range c.promises {
			fmt.Fprintf(&b, "  %s", pad(p.says, wide))
			line := ""
			for _, on := range surfaces {
				line += "  " + pad(p.cell(on, &reasons), utf8.RuneCountInString(on.name))
			}
			fmt.Fprintf(&b, "%s\n", strings.TrimRight(line, " "))
		}
	}
	b.WriteByte('\n')
	for i, why := range reasons {
		fmt.Fprintf(&b, "%d  %s\n", i+1, why)
	}
	return b.String()
}

// cell is a tick, or the number of the reason why there is none.
func (p promise) cell(on *surface, reasons *[]string) string {
	why := p.except[on.name]
	if why == "" {
		return "✓"
	}
	i := slices.Index(*reasons, why)
	if i < 0 {
		i = len(*reasons)
		*reasons = append(*reasons, why)
	}
	return fmt.Sprint(i + 1)
}

func widest(chapters []chapter) (wide int) {
	for _, c := range chapters {
		for _, p := range c.promises {
			wide = max(wide, utf8.RuneCountInString(p.says))
		}
	}
	return wide
}

// pad fills text with spaces on its right.
func pad(text string, wide int) string {
	return text + strings.Repeat(" ", max(wide-utf8.RuneCountInString(text), 0))
}
