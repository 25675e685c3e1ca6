package tags

import "github.com/flosch/pongo2/v6"

// escaping is what the text around a template tag says of {% autoescape %}.
type escaping int

const (
	escapesAsAround escaping = iota // as whoever calls the macro, fills the block or takes the template in
	escapesOn
	escapesOff
)

// escapingAt returns what holds at a token. A macro runs as it is called, and a
// block of a template that extends another as that one says.
func escapingAt(doc *pongo2.Parser, to int) escaping {
	extends := find(doc, 0, doc.Count(), "extends") != nil
	around := []escaping{escapesAsAround}
	push := func(e escaping) { around = append(around, e) }
	pop := func() { around = around[:max(1, len(around)-1)] }
	eachTag(doc, 0, to, func(t *pongo2.Token, at int) bool {
		switch t.Val {
		case "autoescape":
			push(escapingOf(doc.Get(at + 1)))
		case "macro":
			push(escapesAsAround)
		case "block":
			if e := around[len(around)-1]; extends {
				push(escapesAsAround)
			} else {
				push(e)
			}
		case "endautoescape", "endmacro", "endblock":
			pop()
		}
		return true
	})
	return around[len(around)-1]
}

func escapingOf(argument *pongo2.Token) escaping {
	if argument.Val == "off" {
		return escapesOff
	}
	return escapesOn
}
