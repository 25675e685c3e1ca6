package tags_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/tags"
)

// trace writes down what happens in the caches of a registry.
type trace struct {
	mu    sync.Mutex
	words []string
}

func (t *trace) observe(_ context.Context, e fragment.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	word := e.Kind.String() + " " + e.Name
	if e.Cache != fragment.DefaultName {
		word = e.Kind.String() + " " + e.Cache + ":" + e.Name
	}
	if e.Kind == fragment.EventSkip || e.Kind == fragment.EventFault {
		word += " (" + e.Reason + ")"
	}
	t.words = append(t.words, word)
}

// take returns what happened since the last call.
func (t *trace) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { t.words = nil }()
	return strings.Join(t.words, ", ")
}

// site is a template set with its caches.
type site struct {
	t        testing.TB
	files    map[string]string
	set      *pongo2.TemplateSet
	registry *fragment.Registry
	trace    *trace
	made     int // how often the function made was called
	shown    int // how often the hole show was filled
}

// newSite returns a set of files, by name, with the caches "default" and "shared".
func newSite(t testing.TB, files map[string]string) *site {
	t.Helper()
	s := &site{t: t, files: files, set: newSet(files), trace: new(trace)}
	s.registry = &fragment.Registry{Observe: s.trace.observe}
	for _, name := range []string{fragment.DefaultName, "shared"} {
		s.open(name)
	}
	if err := tags.Bind(s.set, s.registry); err != nil {
		t.Fatal(err)
	}
	s.holes()
	return s
}

// holes registers what the templates of the tests may have in a hole.
func (s *site) holes() {
	for name, f := range map[string]fragment.HoleFunc{
		"show": func(_ context.Context, w io.Writer, args []any) error {
			s.shown++
			_, err := fmt.Fprintf(w, "<Shown %d:%#v>", s.shown, args)
			return err
		},
		"fails": func(context.Context, io.Writer, []any) error { return errors.New("no such visitor") },
		"echo": func(_ context.Context, w io.Writer, args []any) error {
			_, err := fmt.Fprint(w, args...)
			return err
		},
		"visitor": func(ctx context.Context, w io.Writer, _ []any) error {
			_, err := fmt.Fprint(w, ctx.Value(visitorKey{}))
			return err
		},
	} {
		if err := s.registry.Hole(name, f); err != nil {
			s.t.Fatal(err)
		}
	}
}

// visitorKey is where a ctx of the tests says whose it is.
type visitorKey struct{}

func newSet(files map[string]string) *pongo2.TemplateSet {
	fsys := make(fstest.MapFS)
	for name, source := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return pongo2.NewSet("test", pongo2.NewFSLoader(fsys))
}

func (s *site) open(name string) *fragment.Cache {
	s.t.Helper()
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Observe: s.trace.observe})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.registry.Use(name, c); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// over puts the cache "default" on another backend.
func (s *site) over(b fragment.Backend) { s.use(b, fragment.Policy{}) }

// reopen gives the cache "default" another policy.
func (s *site) reopen(p fragment.Policy) *fragment.Cache { return s.use(fragmenttest.NewMemory(), p) }

func (s *site) use(b fragment.Backend, p fragment.Policy) *fragment.Cache {
	s.t.Helper()
	c, err := fragment.New(b, fragment.Options{Observe: s.trace.observe, Policy: p})
	registry := &fragment.Registry{Observe: s.trace.observe}
	if err := errors.Join(err, registry.Use(fragment.DefaultName, c)); err != nil {
		s.t.Fatal(err)
	}
	s.set, s.registry = newSet(s.files), registry
	if err := tags.Bind(s.set, registry); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// data is what templates see; made tells one rendering from another.
func (s *site) data(more pongo2.Context) pongo2.Context {
	data := pongo2.Context{
		"made":  func() string { s.made++; return fmt.Sprintf("made %d", s.made) },
		"user":  user{ID: 7, Name: "Ada <ada@example.org>"},
		"users": []user{{ID: 7, Name: "Ada"}, {ID: 8, Name: "Bob"}},
		"item":  keyed{"a", 1},
		"none":  (*user)(nil),
		"list":  []string{"x", "y"}, "map": map[string]int{"b": 2, "a": 1},
		"now": time.Unix(1700000000, 0),
		"ttl": 90 * time.Second,
		"one": 1, "uno": "1", "empty": "", "shared": "shared", "half": 0.5, "tiny": 2e-7, "tinier": 1e-7,
		"yes": true, "no": false,
		"pause": func(seconds int) string { time.Sleep(time.Duration(seconds) * time.Second); return "" },
		"invalidate": func(tag string) (string, error) {
			return "", s.registry.Cache(fragment.DefaultName).InvalidateTags(context.Background(), tag)
		},
	}
	maps.Copy(data, more)
	return data
}

// render executes a template of the site.
func (s *site) render(name string, more pongo2.Context) (string, error) {
	s.t.Helper()
	tpl, err := s.set.FromCache(name)
	if err != nil {
		return "", err
	}
	return tpl.Execute(s.data(more))
}

// want renders a template and compares the output.
func (s *site) want(name string, more pongo2.Context, want string) {
	s.t.Helper()
	got, err := s.render(name, more)
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	if got != want {
		s.t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

type user struct {
	ID   int
	Name string
}

type keyed struct {
	key     string
	version int
}

func (k keyed) CacheKey() string { return fmt.Sprint(k.key, "/", k.version) }
