package tags

import (
	"sync/atomic"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

const sender = "tag:cache" // as pongo2 names where an error comes from

// registered is why the template tag could not be registered, or nil.
var registered error

// pongo2's table of tags has no lock, so that it can only be written while no
// template is parsed: before main.
func init() { registered = pongo2.RegisterTag("cache", parseCache) }

// A cacheTag is one {% cache %} block of a parsed template. It is shared by all
// executions and changes only by getting its seal.
type cacheTag struct {
	start *pongo2.Token // the word cache, where errors are placed
	arguments
	body   *pongo2.NodeWrapper
	digest string // of the body
	parts  parts  // of the body

	// What is known before the first execution.
	name  string       // NAME if it is a literal, or the path of the template; else ""
	plain fragment.Key // for a rendering that is not looked up
	using string       // of a literal using=
	tags  []string     // of a literal tags=

	undigested bool                 // digest=false
	seal       atomic.Pointer[seal] // set by the first execution
}

func parseCache(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start}
	if neverRuns(doc, position(doc)) {
		return nil, r.fail(start, "this block would never run: of a template that extends another only the blocks are rendered; move it into a {% block %}")
	}
	a, err := r.read()
	if err != nil {
		return nil, err
	}
	t := &cacheTag{start: start, arguments: a}
	if err := t.parseBody(doc, r); err != nil {
		return nil, err
	}
	if err := t.prepare(r); err != nil {
		return nil, err
	}
	if err := t.readDigest(r); err != nil {
		return nil, err
	}
	return t, nil
}

// endTokens are "{%", "endcache" and "%}".
const endTokens = 3

// parseBody reads up to {% endcache %}.
func (t *cacheTag) parseBody(doc *pongo2.Parser, r reader) *pongo2.Error {
	from := position(doc)
	body, after, err := doc.WrapUntilTag("endcache")
	if err != nil {
		// The error of pongo2 stands at the end of the template, and may as
		// well be about another tag inside of the body.
		if doc.Remaining() == 0 && err.OrigError.Error() == "Unexpected EOF, expected tag endcache." {
			return r.fail(t.start, "this block is not closed: {% endcache %} is missing")
		}
		return err
	}
	if after.Count() > 0 {
		return r.fail(after.Get(0), "endcache takes no arguments: write {% endcache %}")
	}
	to := position(doc) - endTokens
	if block := find(doc, from, to, "block"); block != nil {
		return r.fail(block, "{% block %} cannot be inside of {% cache %}: its content may come from another template than the one it would be cached for; put {% cache %} inside of the block")
	}
	t.body, t.digest, t.parts = body, bodyDigest(doc, from, to), partsOf(doc, from, to)
	return nil
}

// prepare does what needs no context: once, instead of for each execution.
func (t *cacheTag) prepare(r reader) *pongo2.Error {
	path := t.start.Filename
	t.plain = space.Key(path)
	switch {
	case t.arguments.name == nil:
		t.name = path
	default:
		t.name, _ = t.arguments.name.literalString()
	}
	if t.name != "" {
		t.plain = space.Key(t.name)
	}
	if o := t.option["using"]; o != nil {
		if t.using, _ = o.literalString(); t.using == "" && o.literal() != nil {
			return r.fail(o.tokens[0], "using="+o.text+" is no name of a cache: write using=\"shared\"")
		}
	}
	if o := t.option["tags"]; o != nil {
		if text, ok := o.literalString(); ok {
			list, err := tagList(text)
			if err != nil {
				return r.fail(o.tokens[0], err.Error())
			}
			t.tags = list
		}
	}
	return nil
}

// readDigest reads digest=false, which is decided when the template is parsed.
func (t *cacheTag) readDigest(r reader) *pongo2.Error {
	o := t.option["digest"]
	if o == nil {
		return nil
	}
	literal := o.literal()
	if literal == nil || literal.Val != "true" && literal.Val != "false" || literal.Typ != pongo2.TokenKeyword {
		return r.fail(o.tokens[0], "digest="+o.text+" is neither true nor false: write digest=false for a key that does not change with the sources of the template")
	}
	t.undigested = literal.Val == "false"
	if t.undigested && t.arguments.name == nil {
		return r.fail(literal, "digest=false needs a NAME, because a block without one is named by its digest: write {% cache 300 \"sidebar\" digest=false %}")
	}
	return nil
}
