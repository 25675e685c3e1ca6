package tags

import (
	"fmt"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// eachTag calls f with the name of each template tag of the tokens from up to
// before to, and its index, in order, until it returns false. What {% comment %}
// hides is left out; verbatim parts hold no tags for pongo2 either.
func eachTag(doc *pongo2.Parser, from, to int, f func(name *pongo2.Token, at int) bool) {
	hidden := false
	for i := from; i < to-1; i++ {
		t, name := doc.Get(i), doc.Get(i+1)
		if t.Typ != pongo2.TokenSymbol || t.Val != "{%" || name.Typ != pongo2.TokenIdentifier {
			continue
		}
		switch {
		case hidden:
			hidden = name.Val != "endcomment"
		case name.Val == "comment":
			hidden = true
		case !f(name, i+1):
			return
		}
	}
}

// find returns the first template tag called name, or nil.
func find(doc *pongo2.Parser, from, to int, name string) (found *pongo2.Token) {
	eachTag(doc, from, to, func(t *pongo2.Token, _ int) bool {
		if t.Val == name {
			found = t
		}
		return found == nil
	})
	return found
}

// findOutside is find for what stands in none of some {% nocache %}.
func findOutside(doc *pongo2.Parser, from, to int, holes []*nocacheTag, name string) (found *pongo2.Token) {
	eachTag(doc, from, to, func(t *pongo2.Token, at int) bool {
		if t.Val == name && !within(holes, at) {
			found = t
		}
		return found == nil
	})
	return found
}

// endOfOuter returns the word that ends a tag which began before from, if that is
// what pongo2 could not parse in a body; else "".
func endOfOuter(doc *pongo2.Parser, from int, err *pongo2.Error) string {
	if err.Token == nil || err.OrigError.Error() != fmt.Sprintf("Tag '%s' not found (or beginning tag not provided)", err.Token.Val) {
		return ""
	}
	name, isEnd := strings.CutPrefix(err.Token.Val, "end")
	if !isEnd || name == "cache" || find(doc, 0, from, name) == nil {
		return ""
	}
	open := 0
	eachTag(doc, from, doc.Count(), func(t *pongo2.Token, _ int) bool {
		switch {
		case t == err.Token:
			return false
		case t.Val == name:
			open++
		case t.Val == err.Token.Val:
			open--
		}
		return true
	})
	if open > 0 {
		return ""
	}
	return err.Token.Val
}

// neverRuns reports whether a tag that ends at position is outside of every
// block of a template that extends another: pongo2 runs the blocks of such a
// template alone, and macros that others import from it.
func neverRuns(doc *pongo2.Parser, position int) bool {
	if find(doc, 0, doc.Count(), "extends") == nil {
		return false
	}
	depth := 0
	eachTag(doc, 0, position, func(t *pongo2.Token, _ int) bool {
		switch t.Val {
		case "block", "macro":
			depth++
		case "endblock", "endmacro":
			depth--
		}
		return true
	})
	return depth == 0
}

// runs reports a template tag that would never run.
func (r reader) runs(doc *pongo2.Parser) *pongo2.Error {
	if !neverRuns(doc, position(doc)) {
		return nil
	}
	return r.fail(r.start, "{% "+r.start.Val+" %} would never run here: of a template that extends another only the blocks are rendered; move it into a {% block %}")
}

// position returns the index of the token that doc is at.
func position(doc *pongo2.Parser) int { return doc.Count() - doc.Remaining() }

// openTag returns the word of the innermost template tag called name that begins at
// from or behind it and does not end before to, or nil.
func openTag(doc *pongo2.Parser, from, to int, name string) *pongo2.Token {
	open := openTags(doc, from, to, name)
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}

// openTags returns all of them, the outermost one first.
func openTags(doc *pongo2.Parser, from, to int, name string) (open []*pongo2.Token) {
	eachTag(doc, from, to, func(t *pongo2.Token, _ int) bool {
		switch {
		case t.Val == name:
			open = append(open, t)
		case t.Val == "end"+name && len(open) > 0:
			open = open[:len(open)-1]
		}
		return true
	})
	return open
}

// indexOf returns the index of a token of doc.
func indexOf(doc *pongo2.Parser, t *pongo2.Token) int {
	for i := range doc.Count() {
		if doc.Get(i) == t {
			return i
		}
	}
	return doc.Count()
}
