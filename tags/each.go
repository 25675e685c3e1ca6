package tags

import "github.com/flosch/pongo2/v6"

const usageOfEach = `{% cacheeach ITEM in LIST TTL NAME VARY … [option=expression …] %}, such as {% cacheeach u in users 300 "row" u.ID %}`

// A loopTag is {% cacheeach %}: a loop whose items are blocks of their own, which
// are looked up together.
type loopTag struct {
	cacheTag // of each item
	loop     loop
	empty    *pongo2.NodeWrapper // or nil

	usesForloop bool // an argument does
	knowsPlace  bool // one does that tells entries apart
}

func parseEach(doc *pongo2.Parser, start *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	r := reader{Parser: args, start: start, usage: usageOfEach}
	if err := r.runs(doc); err != nil {
		return nil, err
	}
	l, err := r.loop()
	if err != nil {
		return nil, err
	}
	t, at := &loopTag{loop: l}, position(doc)
	t.start = start
	if t.arguments, err = r.read(); err != nil {
		return nil, err
	}
	if err := t.checkArguments(r); err != nil {
		return nil, err
	}
	if err := t.parseBodies(doc, r); err != nil {
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

// parseBodies reads up to {% endcacheeach %}.
func (t *loopTag) parseBodies(doc *pongo2.Parser, r reader) *pongo2.Error {
	from := position(doc)
	body, word, err := t.parseUntil(doc, r, "empty", "endcacheeach")
	if err != nil {
		return err
	}
	to := position(doc) - endTokens
	if word == "empty" {
		if t.empty, _, err = t.parseUntil(doc, r, "endcacheeach"); err != nil {
			return err
		}
	}
	if err := t.checkBody(doc, r, from, to); err != nil {
		return err
	}
	return t.useBody(doc, r, body, from, to)
}

// parseUntil reads up to one of some template tags, and tells which.
func (t *loopTag) parseUntil(doc *pongo2.Parser, r reader, words ...string) (*pongo2.NodeWrapper, string, *pongo2.Error) {
	body, after, err := doc.WrapUntilTag(words...)
	if err != nil {
		if isUnclosed(doc, err, words...) {
			return nil, "", r.fail(t.start, "this loop is not closed: {% endcacheeach %} is missing")
		}
		return nil, "", err
	}
	if after.Count() > 0 {
		return nil, "", r.fail(after.Get(0), body.Endtag+" takes no arguments: write {% "+body.Endtag+" %}")
	}
	return body, body.Endtag, nil
}

// checkBody refuses what would be the place of an item in the list, which nothing
// tells apart.
func (t *loopTag) checkBody(doc *pongo2.Parser, r reader, from, to int) *pongo2.Error {
	if t.knowsPlace {
		return nil
	}
	if at := outerLoop(doc, from, to); at != nil {
		return r.fail(at, "forloop here would be stored with the item: let a VARY tell it apart, as in "+
			"{% cacheeach u in users 300 \"row\" u.ID forloop.First %}, or use it outside of the body")
	}
	return nil
}

// outerLoop returns the first name forloop of some tokens that means a loop around
// them. One in a {% for %} of theirs means that, unless it goes up further.
func outerLoop(doc *pongo2.Parser, from, to int) *pongo2.Token {
	depth := 0
	for i := from; i < to; i++ {
		t := doc.Get(i)
		if t.Typ != pongo2.TokenIdentifier {
			continue
		}
		before := doc.Get(i - 1)
		switch tag := before.Typ == pongo2.TokenSymbol && before.Val == "{%"; {
		case tag && (t.Val == "for" || t.Val == "cacheeach"):
			depth++
		case tag && (t.Val == "endfor" || t.Val == "endcacheeach"):
			depth--
		case t.Val == "forloop" && before.Val != "." && goesUp(doc, i, to) >= depth:
			return t
		}
	}
	return nil
}

// goesUp counts the .Parentloop behind a token.
func goesUp(doc *pongo2.Parser, at, to int) (n int) {
	for at+2 < to && doc.Get(at+1).Val == "." && doc.Get(at+2).Val == "Parentloop" {
		at, n = at+2, n+1
	}
	return n
}
