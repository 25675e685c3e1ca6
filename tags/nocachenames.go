package tags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// checkNocaches refuses a {% nocache %} in the body from up to before to that uses a
// name which the body defines outside of it.
func (r reader) checkNocaches(doc *pongo2.Parser, from, to int, tags []*nocacheTag) *pongo2.Error {
	if len(tags) == 0 {
		return nil
	}
	defined := definedNames(doc, from, to, tags)
	for _, t := range tags {
		own := localsOf(doc, t.text)
		for i := t.text.from; i < t.text.to; i++ {
			name := doc.Get(i)
			if by := defined[name.Val]; by != nil && isName(doc, i) && !own.have(name.Val, i) {
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
	if after := doc.Get(i + 1); after.Typ == pongo2.TokenSymbol && after.Val == "=" {
		return false // it gives one
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
			for _, n := range namesBy(doc, word, at, to) {
				defined[n.name] = word
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

// A named is a name that a template tag defines.
type named struct {
	name string
	at   int // index of the token that says it; 0 for forloop
}

// namesBy returns the names that a template tag defines for what is around or inside
// of it. What {% include %} and the tags of this package name is for nobody there.
func namesBy(doc *pongo2.Parser, word *pongo2.Token, at, to int) (names []named) {
	var args []named
	for i := at + 1; i < to && !isEnd(doc.Get(i)); i++ {
		args = append(args, named{doc.Get(i).Val, i})
	}
	switch word.Val {
	case "for", "cacheeach":
		in := slices.IndexFunc(args, func(n named) bool { return doc.Get(n.at).Typ == pongo2.TokenKeyword })
		return append(args[:max(in, 0):max(in, 0)], named{name: "forloop"})
	case "set", "macro":
		return args[:min(1, len(args))]
	case "import":
		return args
	case "include", "cache", "uncache":
		return nil
	}
	return namedIn(args)
}

// namedIn returns the names in "x=…" and "… as x", of with, cycle, widthratio and
// whatever else there is.
func namedIn(args []named) (names []named) {
	for i := 0; i+1 < len(args); i++ {
		switch {
		case args[i+1].name == "=":
			names = append(names, args[i])
		case args[i].name == "as":
			names = append(names, args[i+1])
		}
	}
	return names
}

// A local is a name that a {% nocache %} defines for a part of its own text.
type local struct {
	named
	by       int // index of the word that defines it
	from, to int
}

type locals []local

func localsOf(doc *pongo2.Parser, text extent) (all locals) {
	eachTag(doc, text.from, text.to, func(word *pongo2.Token, at int) bool {
		if begin, ends := strings.CutPrefix(word.Val, "end"); ends {
			all.end(doc, begin, at, text.to)
			return true
		}
		from := at
		for from < text.to && !isEnd(doc.Get(from)) {
			from++
		}
		by := at
		if word.Val == "macro" {
			all = append(all, parametersOf(doc, at, from, text.to)...)
			by++ // its name stays behind {% endmacro %}
		}
		for _, n := range namesBy(doc, word, at, text.to) {
			all = append(all, local{n, by, from, text.to})
		}
		return true
	})
	return all
}

// parametersOf returns those of the macro whose word is at a token, up to from.
func parametersOf(doc *pongo2.Parser, at, from, to int) (all locals) {
	for i := at + 2; i < from; i++ {
		if before := doc.Get(i - 1).Val; before == "(" || before == "," {
			all = append(all, local{named{doc.Get(i).Val, i}, at, from, to})
		}
	}
	return all
}

// end ends, at a token, what the last such template tag that is open has defined.
func (all locals) end(doc *pongo2.Parser, word string, at, open int) {
	by := -1
	for i := len(all) - 1; i >= 0; i-- {
		if l := &all[i]; l.to == open && (l.by == by || by < 0 && doc.Get(l.by).Val == word) {
			l.to, by = at, l.by
		}
	}
}

// have reports whether a name means one of them at a token, or defines it there.
func (all locals) have(name string, at int) bool {
	return slices.ContainsFunc(all, func(l local) bool {
		return l.name == name && (l.at == at || at > l.from && at < l.to)
	})
}
