package tags

import (
	"context"
	"crypto/sha256"
	"encoding/base64"

	"github.com/flosch/pongo2/v6"
)

// Sources know the sources of the templates of a set. They must be safe for
// concurrent use.
type Sources interface {
	// Digest returns a digest of all that a cached block in the template file
	// is made of beside its own body: what defines names for it in file, and the
	// templates that the body takes in by names, which are as written there.
	// It is asked once for each block that was parsed, when that is first
	// executed. It must speak of the sources that were parsed.
	Digest(file string, names []string) string

	// Dynamic is told of a template tag in a cached body that names another
	// template when it is executed, so that Digest cannot know of that one.
	Dynamic(at *pongo2.Token)
}

// Use lets the keys of the blocks of the set hold a digest of their sources, so
// that an edited template never serves what was made of the old one. It must be
// called before the first template of the set is executed.
func (b *Binding) Use(s Sources) { b.sources = s }

// AttachWith is Attach for a template that was parsed of given sources, in place
// of those of Use.
func (b *Binding) AttachWith(ctx context.Context, data pongo2.Context, s Sources) {
	data[bindingKey] = opaque(&rendering{binding: b, ctx: ctx, sources: s})
}

// parts are what a cached body takes in, as far as its tokens tell.
type parts struct {
	names   []string        // of templates
	dynamic []*pongo2.Token // words of template tags that take in others
	around  string          // digest of the template, if no Sources have read that
}

// stringTemplate is how pongo2 calls all templates that come from no loader.
const stringTemplate = "<string>"

// partsOf reads the tokens of a body, or of all of a template that no Sources
// have read.
func partsOf(doc *pongo2.Parser, from, to int) (p parts) {
	if doc.Get(from).Filename == stringTemplate {
		from, to = 0, doc.Count()
		p.around = digestOf(doc, from, to)
	}
	eachTag(doc, from, to, func(word *pongo2.Token, at int) bool {
		p.add(doc, word, at)
		return true
	})
	// {{ block.Super }} is what the template that is extended has there.
	if parent := extended(doc); parent != "" && mentions(doc, from, to, "Super") {
		p.names = append(p.names, parent)
	}
	return p
}

// add adds what the tag takes in whose word is the token at.
func (p *parts) add(doc *pongo2.Parser, word *pongo2.Token, at int) {
	switch word.Val {
	case "include", "extends", "import":
	default:
		return
	}
	if name := doc.Get(at + 1); name != nil && name.Typ == pongo2.TokenString {
		p.names = append(p.names, name.Val)
		return
	}
	p.dynamic = append(p.dynamic, word)
}

// extended returns the name of the template that doc extends, or "".
func extended(doc *pongo2.Parser) (name string) {
	eachTag(doc, 0, doc.Count(), func(word *pongo2.Token, at int) bool {
		if word.Val == "extends" {
			if t := doc.Get(at + 1); t != nil && t.Typ == pongo2.TokenString {
				name = t.Val
			}
		}
		return name == ""
	})
	return name
}

func mentions(doc *pongo2.Parser, from, to int, name string) bool {
	for i := from; i < to; i++ {
		if t := doc.Get(i); t.Typ == pongo2.TokenIdentifier && t.Val == name {
			return true
		}
	}
	return false
}

// A seal is what completes the keys of a block once its sources are known.
type seal struct {
	digest string   // in the keys; or "", of a NAME in a set without Sources
	keys   *keyPair // without VARY, and with a known name and version
}

// sealed returns the seal of the block. Only its first execution makes one: the
// sources of what was parsed do not change.
func (t *cacheTag) sealed(in *rendering, b *Binding) *seal {
	if s := t.seal.Load(); s != nil {
		return s
	}
	s := &seal{digest: t.digestWith(sourcesOf(in, b))}
	if version, ok := t.version(); ok && t.name != "" && len(t.vary) == 0 {
		s.keys = &keyPair{t.key(s.digest, t.name, false, version, nil), t.key(s.digest, t.name, true, version, nil)}
	}
	t.seal.CompareAndSwap(nil, s)
	return t.seal.Load()
}

// version returns what version= is in every execution, and nil if there is none.
func (t *cacheTag) version() (v any, known bool) {
	if o := t.option[optVersion]; o != nil {
		return o.constant()
	}
	return nil, true
}

func sourcesOf(in *rendering, b *Binding) Sources {
	if in.sources != nil {
		return in.sources
	}
	return b.sources
}

// digestWith returns what tells the texts of blocks of one name apart.
func (t *cacheTag) digestWith(s Sources) string {
	named := t.arguments.name != nil
	switch {
	case named && (s == nil || t.undigested):
		return ""
	case s == nil:
		return t.digest
	}
	for _, at := range t.parts.dynamic {
		s.Dynamic(at)
	}
	kind := "path:"
	if named {
		kind = "name:"
	}
	sum := sha256.Sum256([]byte(kind + t.digest + t.parts.around + s.Digest(t.start.Filename, t.parts.names)))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
