package tags

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// registered is why a template tag could not be registered, or nil.
var registered error

// pongo2's table of tags has no lock, so that it can only be written while no
// template is parsed: before main.
func init() {
	for name, parser := range map[string]pongo2.TagParser{
		"cache": parseCache, "cacheeach": parseEach, "nocache": parseNocache, "hole": parseHole,
		"uncache": parseUncache, "nostore": parseNoStore, "cachetags": parseCacheTags,
	} {
		registered = errors.Join(registered, pongo2.RegisterTag(name, parser))
	}
}

// A cacheTag is one {% cache %} block of a parsed template. It is shared by all
// executions and changes only by getting its seal.
type cacheTag struct {
	start *pongo2.Token // the word cache, where errors are placed
	arguments
	body   *pongo2.NodeWrapper
	digest string // of the body
	parts  parts  // of the body

	nocaches []*nocacheTag // in the body
	inMacro  bool

	// What is known before the first execution.
	name  string       // NAME if it is a literal, or the path of the template; else ""
	plain fragment.Key // for a rendering that is not looked up
	own   string       // the tag for Delete, with a known name and without VARY

	policy      fragment.Policy // as far as it is known
	computed    []option        // what completes it in each execution
	literalTags bool            // tags= is in the policy
	keptTags    []string        // those of the policy and own

	undigested bool                 // digest=false
	seal       atomic.Pointer[seal] // set by the first execution
}

func parseCache(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usage}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	a, err := r.read()
	if err != nil {
		return nil, err
	}
	t, at := &cacheTag{start: start, arguments: a}, position(doc)
	if err := t.parseBody(doc, r); err != nil {
		return nil, err
	}
	if err := t.prepare(r); err != nil {
		return nil, err
	}
	if err := t.readDigest(r); err != nil {
		return nil, err
	}
	t.collect(doc, at)
	return t, nil
}

// endTokens are "{%", "endcache" and "%}".
const endTokens = 3

// parseBody reads up to {% endcache %}.
func (t *cacheTag) parseBody(doc *pongo2.Parser, r reader) *pongo2.Error {
	from := position(doc)
	end := parsing.begin(doc)
	body, after, err := wrapUntil(doc, "endcache", func() { t.nocaches = end() })
	if err != nil {
		if isUnclosed(doc, err, "endcache") {
			return r.fail(t.start, "this block is not closed: {% endcache %} is missing")
		}
		if end := endOfOuter(doc, from, err); end != "" {
			return r.fail(t.start, "this block is not closed before {% "+end+" %}: {% endcache %} is missing, or one of the two stands in the wrong place")
		}
		return err
	}
	if after.Count() > 0 {
		return r.fail(after.Get(0), "endcache takes no arguments: write {% endcache %}")
	}
	return t.useBody(doc, r, body, from, position(doc)-endTokens)
}

// useBody takes the tokens from up to before to for the body, unless something in
// there cannot be cached.
func (t *cacheTag) useBody(doc *pongo2.Parser, r reader, body *pongo2.NodeWrapper, from, to int) *pongo2.Error {
	if block := find(doc, from, to, "block"); block != nil {
		return r.fail(block, fmt.Sprintf("{%% block %%} cannot be inside of {%% %[1]s %%}: its content may come from another template than the one it would be cached for; put {%% %[1]s %%} inside of the block", r.start.Val))
	}
	if uncache := findOutside(doc, from, to, t.nocaches, "uncache"); uncache != nil {
		return r.fail(uncache, "{% uncache %} inside of {% "+r.start.Val+" %} would run on a miss alone: put it before the block")
	}
	t.body, t.digest, t.parts = body, bodyDigest(doc, from, to), partsOf(doc, from, to)
	t.inMacro = openTag(doc, 0, from, "macro") != nil
	if err := r.checkNocaches(doc, from, to, t.nocaches); err != nil {
		return err
	}
	return r.checkState(doc, from, to)
}

// wrapUntil is doc.WrapUntilTag and calls after behind it, whether that panics or not.
func wrapUntil(doc *pongo2.Parser, tag string, after func()) (*pongo2.NodeWrapper, *pongo2.Parser, *pongo2.Error) {
	defer after()
	return doc.WrapUntilTag(tag)
}

// isUnclosed reports the error of pongo2 for a body that does not end. It stands at
// the end of the template, and may as well be about another tag inside of the body.
func isUnclosed(doc *pongo2.Parser, err *pongo2.Error, ends ...string) bool {
	return doc.Remaining() == 0 && err.OrigError.Error() == "Unexpected EOF, expected tag "+strings.Join(ends, " or ")+"."
}

// prepare does what needs no context: once, instead of for each execution.
func (t *cacheTag) prepare(r reader) *pongo2.Error {
	t.name = t.start.Filename
	if o := t.arguments.name; o != nil {
		t.name, _ = o.literalString()
	}
	t.plain = space.Key(cmp.Or(t.name, t.start.Filename))
	if t.arguments.name != nil && t.name != "" && len(t.vary) == 0 {
		t.own = ownTag(t.name, nil)
	}
	if o := t.option[optTags]; o != nil {
		if text, ok := o.literalString(); ok {
			t.policy.Tags, _ = tagList(o.label, text)
			t.literalTags = true
		}
	}
	t.keptTags = t.policy.Tags
	if t.own != "" {
		t.keptTags = slices.Concat(t.keptTags, []string{t.own})
	}
	return t.preparePolicy(r)
}

// readDigest reads digest=false, which is decided when the template is parsed.
func (t *cacheTag) readDigest(r reader) *pongo2.Error {
	o := t.option[optDigest]
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
