package tags

import (
	"fmt"
	"slices"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// A nocacheTag is {% nocache %}: in a cached body a hole that the template fills.
// On a miss and on a hit alike it is rendered behind the body, in a context inside
// of the one that is around the outermost block which is cached: what the body
// defines is not there, since on a hit it never was.
type nocacheTag struct {
	start *pongo2.Token
	body  *pongo2.NodeWrapper
	id    string // of its text: what is stored was perhaps made of another edition of the template
	text  extent

	inMacro bool
}

// An extent is a part of the tokens of a template.
type extent struct{ from, to int }

func parseNocache(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: "{% nocache %} … {% endnocache %}"}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	if r.Remaining() > 0 {
		return nil, r.fail(r.Current(), "nocache takes no arguments: write "+r.usage)
	}
	if err := r.checkPlace(doc); err != nil {
		return nil, err
	}
	t := &nocacheTag{start: start, text: extent{from: position(doc)}, inMacro: openTag(doc, 0, position(doc), "macro") != nil}
	body, after, err := doc.WrapUntilTag("endnocache")
	if err != nil {
		if isUnclosed(doc, err, "endnocache") {
			return nil, r.fail(start, "this is not closed: {% endnocache %} is missing")
		}
		return nil, err
	}
	if after.Count() > 0 {
		return nil, r.fail(after.Get(0), "endnocache takes no arguments: write {% endnocache %}")
	}
	t.text.to = position(doc) - endTokens
	t.body, t.id = body, bodyDigest(doc, t.text.from, t.text.to)
	parsing.add(doc, t)
	return t, nil
}

// checkPlace refuses a {% nocache %} that could not be found again on a hit.
func (r reader) checkPlace(doc *pongo2.Parser) *pongo2.Error {
	switch cached := openTags(doc, 0, position(doc), "cache"); {
	case openTag(doc, 0, position(doc)-endTokens, "nocache") != nil:
		return r.fail(r.start, "{% nocache %} inside of {% nocache %} changes nothing: write one of them")
	case openTag(doc, 0, position(doc), "cacheeach") != nil:
		return r.fail(r.start, "{% nocache %} cannot be inside of {% cacheeach %}: write {% hole \"name\" … %}")
	case len(cached) > 0 && openTag(doc, indexOf(doc, cached[0]), position(doc), "macro") != nil:
		return r.fail(r.start, "{% nocache %} inside of a macro in a cached body would have no arguments of that on a hit: write {% hole \"name\" … %}")
	}
	return nil
}

// The name of the hole that a {% nocache %} leaves is a byte that says whether output is
// escaped there, and the id.
const (
	holeUnescaped = '\x01'
	holeEscaped   = '\x02'
)

func (t *nocacheTag) hole(autoescape bool) fragment.Hole {
	kind := string(holeUnescaped)
	if autoescape {
		kind = string(holeEscaped)
	}
	return fragment.Hole{Name: kind + t.id}
}

// Execute renders it, or leaves a hole in the cached body around it.
func (t *nocacheTag) Execute(ec *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	in, _, err := renderingOf(ec)
	if err != nil {
		return failIn(ec, t.start, t.start, err)
	}
	return t.put(in, ec, w, ec.Autoescape)
}

// put is Execute with given escaping.
func (t *nocacheTag) put(in *rendering, ec *pongo2.ExecutionContext, w pongo2.TemplateWriter, autoescape bool) *pongo2.Error {
	var keeps *fragment.Holes // of the innermost body that will be stored
	for body := in.filling; body != nil; body = body.around {
		if !body.kept || body.inHole {
			continue
		}
		if !slices.Contains(body.tag.nocaches, t) {
			at := body.tag.start
			return failIn(ec, t.start, t.start, fmt.Errorf("{%% nocache %%} is reached by the cached body in line %d of %s through another template or a macro, and could not be found again on a hit: write {%% hole \"name\" … %%}, or put it into that body itself", at.Line, at.Filename))
		}
		if ec = body.ec; keeps == nil {
			keeps = body.holes
		}
	}
	if keeps != nil {
		if kept, err := keeps.Keep(w, t.hole(autoescape)); kept {
			return fail(ec, t.start, err)
		}
	}
	fragment.DoNotStore(in.ctx, fmt.Sprintf("{%% nocache %%} in line %d of %s: in a cached page write {%% hole %%}", t.start.Line, t.start.Filename))
	w, done := in.showing(w, t.inMacro)
	defer done()
	defer in.enterHole()()
	child := pongo2.NewChildExecutionContext(ec)
	child.Autoescape = autoescape
	return t.body.Execute(child, w)
}

// enterHole notes that what is rendered now, though it stands in the bodies around, is
// no part of them: a hit of theirs would render it, too. It returns what ends that.
func (r *rendering) enterHole() (leave func()) {
	var left []*run
	for body := r.filling; body != nil; body = body.around {
		if !body.inHole {
			body.inHole = true
			left = append(left, body)
		}
	}
	return func() {
		for _, body := range left {
			body.inHole = false
		}
	}
}

// fail is failIn where there may be no error.
func fail(ec *pongo2.ExecutionContext, start *pongo2.Token, err error) *pongo2.Error {
	if err == nil {
		return nil
	}
	return failIn(ec, start, start, err)
}

// fillHole fills a hole of what r serves.
func (r *run) fillHole(w pongo2.TemplateWriter, h fragment.Hole) error {
	if h.Name[0] > holeEscaped {
		w, done := r.in.showing(w, r.tag.inMacro)
		defer done()
		return fragment.WriteHole(r.in.ctx, w, r.caches, h)
	}
	if err := r.tag.nocacheOf(h).put(r.in, r.ec, w, h.Name[0] == holeEscaped); err != nil {
		return err
	}
	return nil
}

// A serving is an entry whose holes are being filled.
type serving struct {
	entry  entry
	around *serving
}

// knows reports whether a hole that was stored is one of the block as it is now.
func (r *run) knows(h fragment.Hole) bool {
	return r.caches.HasHole(h.Name) || r.tag.nocacheOf(h) != nil
}

// nocacheOf returns the {% nocache %} that left a hole, or nil.
func (t *cacheTag) nocacheOf(h fragment.Hole) *nocacheTag {
	if h.Name == "" || h.Name[0] > holeEscaped {
		return nil
	}
	for _, one := range t.nocaches {
		if one.id == h.Name[1:] {
			return one
		}
	}
	return nil
}
