package templates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"regexp"
	"sync"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
)

// Options are what a Set can be told. The zero value is for production.
type Options struct {
	// Reload is for development: a file that has changed, also one that is
	// extended, included or imported, is seen by the next Render. That Render
	// frees all cached blocks of the set, whichever file they are in, and the
	// pages and other cached values that were made with the set: they bear the
	// tag "!templates". A page that is served from a cache is no Render. It
	// costs a look at each file that was loaded.
	Reload bool

	// Outline is for development: a page shows its cached blocks, each in a thin
	// coloured outline with a small label: hit, stale, miss or off, its name, age,
	// TTL and tags, and what it took to render. A script draws them, at comments in
	// the page that say the same; the page stays as valid as it was, and nothing is
	// drawn in templates that are not HTML (by their ending: .html, .htm, or another
	// one but .xml, .xhtml, .txt and .md if the output begins with "<"), nor of
	// blocks inside of tags and scripts. A block inside of a stored block is a part
	// of that. What caches whole pages keeps the outlines, too: leave it off then.
	Outline bool

	// Log is told of what a Set cannot know about its templates, once each: a
	// cached block that includes a template by a name that is known only when it
	// is rendered. Nil is slog.Default().
	Log *slog.Logger

	// IsTemplate reports whether Check is to parse the file with a name. Nil
	// stands for these endings: .html .htm .xhtml .xml .txt .md .tpl .tmpl .pongo
	// .pongo2 .django .j2 .jinja .jinja2 .twig. For all else that a Set does, any
	// file is a template.
	IsTemplate func(name string) bool

	// PrivateKeys are the names in the data whose values belong to one visitor: a
	// cached block that reads one is shown and not stored, nor is what is around it,
	// and an Event says which name was read where. Nil stands for request, session
	// and csrf; a slice that is empty and not nil makes none private. See
	// tags.Binding.PrivateKeys.
	PrivateKeys []string

	// Globals are variables for every template of the set. Data given to Render
	// goes before them.
	Globals pongo2.Context
}

// A Set is the templates of one file system. It is safe for concurrent use.
type Set struct {
	loader  *loader
	pongo2  *pongo2.TemplateSet
	caches  *fragment.Registry
	binding *tags.Binding
	reloads bool // Options.Reload
	outline bool // Options.Outline

	isTemplate func(name string) bool

	mu     sync.Mutex // held while a template is parsed: pongo2 writes to its set then
	parsed sync.Map   // name → *pongo2.Template
}

var identifier = regexp.MustCompile("^[a-zA-Z0-9_]+$")

// New returns the templates in files, whose cached blocks use caches. It reads
// nothing yet.
func New(files fs.FS, caches *fragment.Registry, o Options) (*Set, error) {
	if files == nil {
		return nil, errors.New("templates: New needs a file system, such as os.DirFS(\"views\") or an embed.FS")
	}
	s := &Set{loader: new(loader), caches: caches, reloads: o.Reload, outline: o.Outline, isTemplate: o.IsTemplate}
	if s.isTemplate == nil {
		s.isTemplate = isTemplate
	}
	s.loader.now.Store(&generation{files: files, watch: o.Reload, told: &dynamicTold{log: o.Log}})
	s.pongo2 = pongo2.NewSet("pongocache", s.loader)
	if err := s.pongo2.BanTag("ssi"); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if err := errors.Join(checkPrivateKeys(o.PrivateKeys), s.addGlobals(o.Globals)); err != nil {
		return nil, err
	}
	var err error
	if s.binding, err = tags.NewBinding(s.pongo2, caches); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	s.binding.Use(s.loader)
	if o.PrivateKeys != nil {
		s.binding.PrivateKeys(o.PrivateKeys...)
	}
	if o.Reload {
		s.binding.TagBlocks(reloadTag)
	}
	return s, nil
}

// checkPrivateKeys refuses a name that no variable has, which would protect nothing.
func checkPrivateKeys(names []string) error {
	for _, name := range names {
		if !identifier.MatchString(name) {
			return fmt.Errorf("templates: Options.PrivateKeys: %q is no name of a variable: want letters, digits and _, such as \"session\"; of session.User that is session", name)
		}
	}
	return nil
}

func (s *Set) addGlobals(globals pongo2.Context) error {
	for name, value := range globals {
		if !identifier.MatchString(name) {
			return fmt.Errorf("templates: Options.Globals: %q is no name for a variable: want letters, digits and _", name)
		}
		s.pongo2.Globals[name] = value
	}
	return nil
}

// Pongo2 returns the set of pongo2, to be configured before its first template
// is loaded. Templates that it loads itself are not reloaded, and a cached block
// in them needs tags.WithContext. Its Options TrimBlocks and LStripBlocks are
// refused, each template is an error then: pongo2 applies them anew in each
// rendering, to tokens that all renderings share.
func (s *Set) Pongo2() *pongo2.TemplateSet { return s.pongo2 }

// Render executes the template called name with data and writes the result to
// w: all of it or, on an error, nothing. The template's cached blocks, and
// functions that it calls (see tags.Context), report to the Scope in ctx.
//
// Data is nil, a map[string]any, a pongo2.Context or another type of map that
// is one of these below, such as echo.Map. The names _c and _cx are taken.
//
// What is wrong with a template is an *Error, which tells the place and unwraps
// to what caused it, such as fs.ErrNotExist.
func (s *Set) Render(ctx context.Context, w io.Writer, name string, data any) error {
	t, err := s.template(ctx, name)
	if err != nil {
		return err
	}
	if s.reloads {
		return t.renderWatched(ctx, w, data, t.made)
	}
	return t.render(ctx, w, data)
}

// template returns a template by its name.
func (s *Set) template(ctx context.Context, name string) (*Template, error) {
	if name == "" {
		return nil, errors.New("templates: the name of the template is empty: want a path such as \"page.html\"")
	}
	name = abs("", name)
	if !s.reloads {
		if t, ok := s.parsed.Load(name); ok {
			return t.(*Template), nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reloads && s.loader.now.Load().changed() {
		s.reload(ctx)
	}
	if t, ok := s.parsed.Load(name); ok {
		return t.(*Template), nil
	}
	t, err := s.parse(name)
	if err != nil {
		return nil, err
	}
	s.parsed.Store(name, t)
	return t, nil
}

// parse parses a template of the file system. It is called with s.mu held.
func (s *Set) parse(name string) (*Template, error) {
	return s.made(&Template{name: name}, func() (*pongo2.Template, error) { return s.pongo2.FromFile(name) })
}

// stringName is how pongo2 calls all templates that are not from a file system.
const stringName = "<string>"

// FromString returns a template whose source is not in the file system. It can
// extend and include templates that are. It is not reloaded.
func (s *Set) FromString(source string) (*Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, tags := scan([]byte(source))
	return s.made(&Template{name: stringName, text: []byte(source)}, func() (*pongo2.Template, error) {
		if m := s.loader.now.Load().unfitText(stringName, []byte(source), tags, make(map[string]bool)); m != nil {
			return nil, &pongo2.Error{Sender: "parser", Filename: stringName, OrigError: m}
		}
		return s.pongo2.FromBytes(text)
	})
}

// made completes t by a parser. It is called with s.mu held. What was read for a
// template that cannot be parsed is forgotten: it may be half of a file that is
// still being written.
func (s *Set) made(t *Template, parse func() (*pongo2.Template, error)) (*Template, error) {
	if o := s.pongo2.Options; o != nil && (o.TrimBlocks || o.LStripBlocks) {
		return nil, errTrims
	}
	now := s.loader.now.Load()
	before := now.snapshot()
	parsed, err := parsing(parse)
	if err != nil {
		err = now.failed(t.name, t.text, err)
		if !s.reloads {
			now.forget(before)
		}
		return nil, err
	}
	t.set, t.pongo2, t.made = s, parsed, now
	return t, nil
}

var errTrims = errors.New("templates: with TrimBlocks or LStripBlocks pongo2 cuts more off a template with each rendering, so that no two are the same: write {%- and -%} in their place")

// parsing runs a parser. That pongo2 panics on a template is an error of that
// one, and must not block the others.
func parsing(parse func() (*pongo2.Template, error)) (t *pongo2.Template, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, &pongo2.Error{Sender: "parser", OrigError: fmt.Errorf("pongo2 cannot parse this: %v", p)}
		}
	}()
	return parse()
}
