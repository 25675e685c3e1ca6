package tags

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A BlockTag is one {% cache %}, or one {% cacheeach %} for its items, in the text of a
// template, for code that finds entries by templates, as package templates does. It may
// be used by many goroutines.
type BlockTag struct {
	tag      *cacheTag
	template *pongo2.Template // in whose text it stands
	escapes  escaping         // as far as that text tells
}

// BlockValues are what the operands of a BlockTag come to.
type BlockValues struct {
	Name      string // NAME; for a block without, ""
	Vary      []any
	Version   any  // where version= is not a literal
	Unescaped bool // where the text does not stand inside of {% autoescape %}
}

// Collect calls parse, and returns the template that it parsed and what stands in
// the text of that one alone, in order: not what it includes, extends or imports.
func Collect(parse func() (*pongo2.Template, error)) (*pongo2.Template, []*BlockTag, error) {
	c := new(collection)
	c.begin()
	defer c.end()
	t, err := parse()
	if err != nil {
		return nil, nil, err
	}
	return t, c.of(t), nil
}

// Name returns NAME; for a block without, ""; and for one whose NAME is an
// expression the text of that, and false.
func (b *BlockTag) Name() (name string, literal bool) {
	o := b.tag.arguments.name
	if o == nil {
		return "", true
	}
	if name, literal = o.literalString(); literal {
		return name, true
	}
	return o.text, false
}

// Using returns the name of the cache; and for a using= that is an expression the
// text of that, and false.
func (b *BlockTag) Using() (name string, literal bool) {
	o := b.tag.option[optUsing]
	if o == nil {
		return fragment.DefaultName, true
	}
	if name, literal = o.literalString(); literal {
		return name, true
	}
	return o.text, false
}

// Vary returns how many VARY there are.
func (b *BlockTag) Vary() int { return len(b.tag.vary) }

// IsVersioned reports whether version= is there and is not a literal.
func (b *BlockTag) IsVersioned() bool {
	_, known := b.tag.version()
	return !known
}

// Line returns the line in which the block begins.
func (b *BlockTag) Line() int { return b.tag.start.Line }

// Key returns the key of the entry that the block has with these values, in a set
// with these Sources, which must be those that it was parsed from. Its error is
// that of a value that cannot be a part of a key, or of a number of VARY that the
// block does not have.
func (b *BlockTag) Key(s Sources, v BlockValues) (fragment.Key, error) {
	t, name := b.tag, v.Name
	if t.arguments.name == nil {
		name = t.name
	}
	if len(v.Vary) != len(t.vary) {
		return fragment.Key{}, errors.New("tags: a BlockTag is given another number of VARY than it has")
	}
	version, known := t.version()
	if !known {
		version = v.Version
	}
	escapes := !v.Unescaped
	if b.escapes != escapesAsAround {
		escapes = b.escapes == escapesOn
	}
	k := t.key(t.digestWith(s), name, escapes, version, v.Vary)
	return k, k.Err()
}

// A collection is one call of Collect. pongo2 hands the parser of a template tag
// nothing that could tell for whom it parses but the template.
type collection struct {
	found []*BlockTag // guarded by collections.mu
}

var collections struct {
	mu     sync.Mutex
	active []*collection // guarded by mu
	count  atomic.Int32  // of active: without any, to parse costs one load more
}

func (c *collection) begin() {
	collections.mu.Lock()
	defer collections.mu.Unlock()
	collections.active = append(collections.active, c)
	collections.count.Add(1)
}

func (c *collection) end() {
	collections.mu.Lock()
	defer collections.mu.Unlock()
	collections.active = slices.DeleteFunc(collections.active, func(one *collection) bool { return one == c })
	collections.count.Add(-1)
}

// of returns what stands in the text of t: others parse at the same time.
func (c *collection) of(t *pongo2.Template) (own []*BlockTag) {
	collections.mu.Lock()
	defer collections.mu.Unlock()
	for _, b := range c.found {
		if b.template == t {
			own = append(own, b)
		}
	}
	slices.SortFunc(own, func(a, b *BlockTag) int {
		return cmp.Or(cmp.Compare(a.tag.start.Line, b.tag.start.Line), cmp.Compare(a.tag.start.Col, b.tag.start.Col))
	})
	return own
}

// collect tells those who collect of a block whose body begins at that token.
func (t *cacheTag) collect(doc *pongo2.Parser, at int) {
	if collections.count.Load() == 0 {
		return
	}
	b := &BlockTag{tag: t, template: doc.Error("", t.start).Template, escapes: escapingAt(doc, at)}
	collections.mu.Lock()
	defer collections.mu.Unlock()
	for _, c := range collections.active {
		c.found = append(c.found, b)
	}
}
