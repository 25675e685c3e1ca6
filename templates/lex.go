package templates

import "bytes"

// code reads what stands between delimiters, as pongo2's lexer does.
type code struct {
	src   []byte
	pos   int
	angle bool // between <% and %>, where no other delimiter may stand
	why   stop
	stuck []int // where a word endcomment stands that the end of its tag does not follow
}

// stop says why reading code has ended.
type stop int

const (
	closed  stop = iota // pos is behind the closing delimiter
	outside             // pos is at a byte that begins no token: pongo2 goes on there as in text
	refused             // pongo2 refuses the template
)

// run reads up to the closing delimiter.
func (c *code) run() {
	for c.pos < len(c.src) {
		switch b := c.src[c.pos]; {
		case b == '\n':
			c.why = refused
			return
		case b == '"' || b == '\'':
			if !c.quoted(b) {
				c.why = refused
				return
			}
		case c.at("%}"), c.at("}}"):
			c.end(!c.angle)
			return
		case c.angle && c.at("%>"):
			c.end(true)
			return
		case !c.angle && c.at("{%"):
			c.pos += 2
			c.checkEnd()
		case !c.angle && c.at("{{"), c.at("&&"):
			c.pos += 2
		case isSpace(b), isWord(b), isSymbol(b):
			c.pos++
		default:
			c.why = outside
			return
		}
	}
	c.why = outside
}

// checkEnd looks at what follows {%, which for pongo2 begins a tag within another
// one too. It does not move.
func (c *code) checkEnd() {
	ahead := code{src: c.src, pos: c.pos}
	if ahead.at("-") {
		ahead.pos++
	}
	ahead.spaces()
	from := ahead.pos
	for ahead.pos < len(c.src) && isWord(c.src[ahead.pos]) {
		ahead.pos++
	}
	if string(c.src[from:ahead.pos]) != "endcomment" {
		return
	}
	if ahead.spaces(); !ahead.at("%}") && !ahead.at("-%}") {
		c.stuck = append(c.stuck, from)
	}
}

// end moves behind a closing delimiter, if that is the right one.
func (c *code) end(right bool) {
	if !right {
		c.why = outside
		return
	}
	c.pos += 2
	c.why = closed
}

// quoted moves behind a string. It reports false where pongo2 refuses it.
func (c *code) quoted(quote byte) bool {
	for c.pos++; c.pos < len(c.src); c.pos++ {
		switch c.src[c.pos] {
		case quote:
			c.pos++
			return true
		case '\n':
			return false
		case '\\':
			c.pos++
			if c.pos == len(c.src) || c.src[c.pos] != '"' && c.src[c.pos] != '\\' {
				return false
			}
		}
	}
	return false
}

// ourWords are the template tags that may be spelled <% … %>: all of package tags.
const ourWords = "cache endcache nocache endnocache hole nostore cachetags uncache cacheeach endcacheeach"

var isOurs = wordSet(ourWords)

// ours moves behind a word of ours. It reports false if another
// word is there, or one that goes on as no tag of ours does: cache.get(…) and
// cache = … belong to a script.
func (c *code) ours() bool {
	c.spaces()
	from := c.pos
	for c.pos < len(c.src) && isWord(c.src[c.pos]) {
		c.pos++
	}
	if !isOurs[string(c.src[from:c.pos])] {
		return false
	}
	spaced := c.spaces()
	if c.at("%>") || c.at("-%>") {
		return true
	}
	return spaced && !c.at("=")
}

// spaces moves behind spaces and reports whether there was one.
func (c *code) spaces() bool {
	from := c.pos
	for c.pos < len(c.src) && c.src[c.pos] != '\n' && isSpace(c.src[c.pos]) {
		c.pos++
	}
	return c.pos > from
}

func (c *code) at(prefix string) bool {
	return bytes.HasPrefix(c.src[c.pos:], []byte(prefix))
}

func isSpace(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t'
}

func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// isSymbol tells the bytes that are a symbol of pongo2 by themselves.
func isSymbol(b byte) bool {
	return bytes.IndexByte([]byte("()+-*<>/^,.!|:=%[]"), b) >= 0
}
