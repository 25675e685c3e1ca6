package tags

import (
	"fmt"
	"sync"

	"github.com/flosch/pongo2/v6"
)

// parsing holds the {% nocache %} of the cached bodies that are being parsed: pongo2
// does not tell a template tag of those inside of its body. One template is parsed by
// one goroutine, but several templates at once.
var parsing = nocaches{of: make(map[*pongo2.Parser]*found)}

type nocaches struct {
	mu sync.Mutex
	of map[*pongo2.Parser]*found // guarded by mu; of what is in a cached body alone
}

type found struct {
	depth int // how many cached bodies are open
	tags  []*nocacheTag
}

// begin opens a cached body of doc. End returns what stands in it.
func (n *nocaches) begin(doc *pongo2.Parser) (end func() []*nocacheTag) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.of[doc]
	if f == nil {
		f = new(found)
		n.of[doc] = f
	}
	f.depth++
	from := len(f.tags)
	return func() []*nocacheTag {
		n.mu.Lock()
		defer n.mu.Unlock()
		if f.depth--; f.depth == 0 {
			delete(n.of, doc)
		}
		return f.tags[from:len(f.tags):len(f.tags)]
	}
}

func (n *nocaches) add(doc *pongo2.Parser, t *nocacheTag) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f := n.of[doc]; f != nil {
		f.tags = append(f.tags, t)
	}
}

// checkNocaches refuses a {% nocache %} in the body from up to before to that uses a
// name which the body defines outside of it.
func (r reader) checkNocaches(doc *pongo2.Parser, from, to int, tags []*nocacheTag) *pongo2.Error {
	if len(tags) == 0 {
		return nil
	}
	defined := definedNames(doc, from, to, tags)
	for _, t := range tags {
		for i := t.text.from; i < t.text.to; i++ {
			name := doc.Get(i)
			if by := defined[name.Val]; by != nil && isName(doc, i) {
				return r.failName(name, by)
			}
		}
	}
	return nil
}

func (r reader) failName(name, by *pongo2.Token) *pongo2.Error {
	value := name.Val
	if value == "forloop" {
		value += ".Counter"
	}
	err := r.fail(name, fmt.Sprintf("{%% nocache %%} uses %s, which {%% %s %%} in line %d defines in the cached body: that does not run on a hit. Hand the value over by {%% hole \"name\" %s %%}, or move the {%% nocache %%} or the definition out of the body", name.Val, by.Val, by.Line, value))
	err.Sender = "tag:nocache"
	return err
}

// isName reports whether the token at i looks a name up in the context.
func isName(doc *pongo2.Parser, i int) bool {
	if doc.Get(i).Typ != pongo2.TokenIdentifier {
		return false
	}
	before := doc.Get(i - 1)
	return before.Typ != pongo2.TokenSymbol || before.Val != "." && before.Val != "|" && before.Val != "{%"
}

// definedNames returns the names that a body defines outside of tags, each with the
// word of the template tag that does.
func definedNames(doc *pongo2.Parser, from, to int, tags []*nocacheTag) map[string]*pongo2.Token {
	defined := make(map[string]*pongo2.Token)
	eachTag(doc, from, to, func(word *pongo2.Token, at int) bool {
		if !within(tags, at) {
			for _, name := range namesBy(doc, word, at, to) {
				defined[name] = word
			}
		}
		return true
	})
	return defined
}

func within(tags []*nocacheTag, at int) bool {
	for _, t := range tags {
		if at >= t.text.from && at < t.text.to {
			return true
		}
	}
	return false
}

// namesBy returns the names that a template tag defines.
func namesBy(doc *pongo2.Parser, word *pongo2.Token, at, to int) (names []string) {
	var args []*pongo2.Token
	for i := at + 1; i < to && !isEnd(doc.Get(i)); i++ {
		args = append(args, doc.Get(i))
	}
	switch word.Val {
	case "for", "cacheeach":
		names = append(names, "forloop")
		for _, t := range args {
			if t.Typ == pongo2.TokenKeyword {
				break // in
			}
			names = append(names, t.Val)
		}
	case "set", "macro":
		if len(args) > 0 {
			names = append(names, args[0].Val)
		}
	case "import":
		for _, t := range args {
			names = append(names, t.Val)
		}
	default:
		names = namedIn(args)
	}
	return names
}

// namedIn returns the names in "x=…" and "… as x", of with, cycle, widthratio and
// whatever else there is.
func namedIn(args []*pongo2.Token) (names []string) {
	for i := 0; i+1 < len(args); i++ {
		switch {
		case args[i+1].Typ == pongo2.TokenSymbol && args[i+1].Val == "=":
			names = append(names, args[i].Val)
		case args[i].Val == "as":
			names = append(names, args[i+1].Val)
		}
	}
	return names
}
