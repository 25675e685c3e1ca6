package templates

import (
	"bytes"
	"strings"
)

// A tagAt is a template tag of a source: {% word rest %}.
type tagAt struct {
	word     string
	rest     []byte // behind word, without spaces around
	from, to int    // of the whole tag, in the source
	at       int    // of word, where pongo2 places errors

	// In place of a tag: behind the word endcomment at this place pongo2 waits for
	// the end of the tag without moving on.
	stuck bool
}

// scan rewrites a source and finds its template tags, by the lexer that rewrites.
func scan(source []byte) (text []byte, tags []tagAt) {
	r := newRewriter(source)
	r.found = func(from, to int) { tags = append(tags, tagIn(source, from, to)) }
	r.text()
	for _, at := range r.stuck {
		tags = append(tags, tagAt{from: at, to: at, at: at, stuck: true})
	}
	return r.result(), tags
}

func tagIn(source []byte, from, to int) tagAt {
	const delimiter = len("{%")
	inside := bytes.TrimSuffix(source[from+delimiter:to-delimiter], []byte("-"))
	inside = bytes.TrimLeft(bytes.TrimPrefix(inside, []byte("-")), " \r\t")
	at, end := to-delimiter-len(inside), 0
	if bytes.HasSuffix(source[:to-delimiter], []byte("-")) {
		at--
	}
	for end < len(inside) && isWord(inside[end]) {
		end++
	}
	return tagAt{word: string(inside[:end]), rest: bytes.TrimSpace(inside[end:]), from: from, to: to, at: at}
}

// names reports whether the tag takes in another template.
func (t tagAt) names() bool {
	return t.word == "include" || t.word == "extends" || t.word == "import"
}

// target returns the name of the template that the tag takes in; it is not
// static if it is known only when the tag is executed.
func (t tagAt) target() (name string, static bool) {
	if len(t.rest) == 0 || t.rest[0] != '"' && t.rest[0] != '\'' {
		return "", false
	}
	c := code{src: t.rest}
	if !c.quoted(t.rest[0]) {
		return "", false
	}
	// One after the other, as pongo2 does.
	name = strings.ReplaceAll(string(t.rest[1:c.pos-1]), `\"`, `"`)
	return strings.ReplaceAll(name, `\\`, `\`), true
}

// place returns the line and the column of an offset, both from 1 on, the
// column in bytes as pongo2 counts.
func place(source []byte, offset int) (line, column int) {
	before := source[:offset]
	return bytes.Count(before, []byte("\n")) + 1, offset - bytes.LastIndexByte(before, '\n')
}
