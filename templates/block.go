package templates

import (
	"context"
	"fmt"
	"strings"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/tags"
)

// A Block addresses one entry of a cached block, for Exists and Get of a Set:
//
//	{% cache 300 "sidebar" user.ID %}    templates.Block{Template: "page.html", Name: "sidebar", Vary: []any{42}}
//
// An item of {% cacheeach %} is such a block, too.
//
// What has a place in the template, the text of the block, what it includes and
// its version=, using= and digest=, is read there. The entry is that of the text
// which the templates have now: what a deployment before this one has stored is
// another one. To free a block, use tags.Delete, which needs no template.
type Block struct {
	// Template is the name of the template in whose text {% cache %} stands; not
	// of one that includes, extends or imports that.
	Template string

	// Name is NAME: the string, or what its expression gives. It is "" for a block
	// without NAME.
	Name string

	// Vary are the values of VARY, as many as there are and of the types that they
	// have in the template: 42 is not "42".
	Vary []any

	// Version is the value of version= where that is not a literal.
	Version any

	// Using is the name of the cache where using= is not a literal.
	Using string

	// Unescaped asks for the entry that was rendered while output was not escaped,
	// for a block in a macro, or in a {% block %} of a template that extends
	// another, which is called or stands inside of {% autoescape off %} elsewhere.
	// Where {% autoescape %} stands around the block itself, that counts.
	Unescaped bool

	// Line tells blocks of one Name and different text apart: it is the line in
	// which {% cache %} stands. 0 is the only one.
	Line int
}

// Exists reports whether something is stored for a block. It renders nothing. A
// fault of the backend is an error, as in fragment.Cache.Has; so is an address at
// which the template has no block, which tells those that it has.
func (s *Set) Exists(ctx context.Context, b Block) (bool, error) {
	c, k, err := s.find(ctx, b)
	if err != nil {
		return false, err
	}
	return c.Has(ctx, k)
}

// Get returns what is stored for a block, as fragment.Cache.Get does: read-only, and
// without what stands in its holes, which belongs to each visitor. ok is false if there
// is nothing; nothing is rendered then. Errors are those of Exists.
func (s *Set) Get(ctx context.Context, b Block) (value []byte, ok bool, err error) {
	c, k, err := s.find(ctx, b)
	if err != nil {
		return nil, false, err
	}
	if value, ok, err = c.Get(ctx, k); !ok || err != nil {
		return nil, false, err
	}
	value, ok = tags.StoredBody(value)
	return value, ok, nil
}

// find returns the cache and the key of a block.
func (s *Set) find(ctx context.Context, b Block) (*fragment.Cache, fragment.Key, error) {
	t, err := s.collected(ctx, b.Template)
	if err != nil {
		return nil, fragment.Key{}, err
	}
	found, err := t.one(b)
	if err != nil {
		return nil, fragment.Key{}, fmt.Errorf("templates: %w", err)
	}
	cache, err := s.cacheOf(found, b)
	if err != nil {
		return nil, fragment.Key{}, fmt.Errorf("templates: %w", err)
	}
	k, err := found.Key(t.made, b.values())
	return cache, k, err
}

func (b *Block) values() tags.BlockValues {
	return tags.BlockValues{Name: b.Name, Vary: b.Vary, Version: b.Version, Unescaped: b.Unescaped}
}

// collected returns a template whose blocks are known. To know them is to parse it
// once more, by the same sources: pongo2 does not show what it has parsed.
func (s *Set) collected(ctx context.Context, name string) (*Template, error) {
	for {
		t, err := s.template(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok, err := s.collect(t); ok || err != nil {
			return t, err
		}
	}
}

// collect reports false if the sources of t are old by now.
func (s *Set) collect(t *Template) (ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.collected {
		return true, nil
	}
	if s.loader.now.Load() != t.made {
		return false, nil
	}
	_, t.blocks, err = tags.Collect(func() (*pongo2.Template, error) { return s.pongo2.FromFile(t.name) })
	if err != nil {
		return false, t.made.failed(t.name, nil, err)
	}
	t.collected = true
	return true, nil
}

// one returns the block of t that b addresses.
func (t *Template) one(b Block) (*tags.BlockTag, error) {
	var found []*tags.BlockTag
	for _, computed := range []bool{false, true} { // a literal NAME before what may come to it
		for _, block := range t.blocks {
			if name, literal := block.Name(); literal != computed && (computed || name == b.Name) && b.fits(block) {
				found = append(found, block)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch {
	case len(found) == 0:
		return nil, t.noBlock(b)
	case b.Line == 0 && t.differ(found, b):
		return nil, fmt.Errorf("template %q has several blocks %s whose texts differ: set Block.Line to one of %s", t.name, b.describe(), linesOf(found))
	}
	return found[0], nil
}

func (b *Block) fits(block *tags.BlockTag) bool {
	return block.Vary() == len(b.Vary) && (b.Line == 0 || b.Line == block.Line())
}

// differ reports whether blocks have several entries.
func (t *Template) differ(blocks []*tags.BlockTag, b Block) bool {
	type entry struct {
		key   fragment.Key
		cache string
	}
	entries := make(map[entry]bool)
	for _, block := range blocks {
		k, _ := block.Key(t.made, b.values())
		using, _ := block.Using()
		entries[entry{k, using}] = true
	}
	return len(entries) > 1
}

// cacheOf returns the cache of a block.
func (s *Set) cacheOf(block *tags.BlockTag, b Block) (*fragment.Cache, error) {
	name, literal := block.Using()
	switch {
	case b.Version != nil && !block.IsVersioned():
		return nil, fmt.Errorf("block %s in line %d of %q has no version= that is computed: leave Block.Version out", b.describe(), block.Line(), b.Template)
	case literal && b.Using != "" && b.Using != name:
		return nil, fmt.Errorf("block %s in line %d of %q is in the cache %q: leave Block.Using out", b.describe(), block.Line(), b.Template, name)
	case !literal && b.Using == "":
		return nil, fmt.Errorf("block %s in line %d of %q names its cache by an expression, using=%s: set Block.Using to what that gives", b.describe(), block.Line(), b.Template, name)
	case !literal:
		name = b.Using
	}
	c, ok := s.caches.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("there is no cache %q: open it with Registry.Open, or declare it with Registry.Cache(%q)", name, name)
	}
	return c, nil
}

// noBlock tells which blocks there are.
func (t *Template) noBlock(b Block) error {
	if len(t.blocks) == 0 {
		return fmt.Errorf("template %q has no cached block: name the template in whose text {%% cache %%} stands, not one that includes or extends it", t.name)
	}
	have := make([]string, len(t.blocks))
	for i, block := range t.blocks {
		have[i] = describe(block)
	}
	at := ""
	if b.Line > 0 {
		at = fmt.Sprintf(" in line %d", b.Line)
	}
	return fmt.Errorf("template %q has no block %s%s; it has %s", t.name, b.describe(), at, strings.Join(have, ", "))
}

func (b *Block) describe() string {
	if b.Name == "" {
		return fmt.Sprintf("without NAME and with %d VARY", len(b.Vary))
	}
	return fmt.Sprintf("%q with %d VARY", b.Name, len(b.Vary))
}

func describe(block *tags.BlockTag) string {
	name, literal := block.Name()
	switch {
	case name == "":
		name = "one without NAME"
	case literal:
		name = fmt.Sprintf("%q", name)
	default:
		name = "the NAME " + name
	}
	return fmt.Sprintf("%s with %d VARY in line %d", name, block.Vary(), block.Line())
}

func linesOf(blocks []*tags.BlockTag) string {
	lines := make([]string, len(blocks))
	for i, block := range blocks {
		lines[i] = fmt.Sprint(block.Line())
	}
	return strings.Join(lines, ", ")
}
