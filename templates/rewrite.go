package templates

import "bytes"

// Rewrite turns the spelling <% cache … %> … <% endcache %> into the
// {% cache … %} … {% endcache %} that pongo2 reads, and so for every template tag
// of package tags: cache, nocache, cacheeach, each with its end, and hole, nostore,
// cachetags and uncache. It returns source itself if there is nothing to turn, and
// a changed copy otherwise.
//
// The result has the length of source, so that lines and columns in errors stay
// exact, and Rewrite never fails. Left alone are any other <% … %>, a tag that
// is not closed by %> on its line, and whatever pongo2 does not read as text:
// comments, verbatim parts, and the inside of {{ … }} and {% … %}. A tag right
// behind an opening brace is left alone too, because {{% would read as {{.
//
// Set and Loader rewrite what they load. Rewrite is for templates from elsewhere.
func Rewrite(source []byte) []byte {
	if !bytes.Contains(source, []byte("<%")) {
		return source
	}
	r := newRewriter(source)
	r.text()
	return r.result()
}

func newRewriter(source []byte) *rewriter {
	r := &rewriter{src: source, end: len(source)}
	// pongo2's lexer takes a byte 1 for the end of the template.
	if i := bytes.IndexByte(source, 1); i >= 0 {
		r.end = i
	}
	return r
}

// result returns the source as pongo2 is to read it.
func (r *rewriter) result() []byte {
	if r.out == nil {
		return r.src
	}
	return r.out
}

// RewriteString is Rewrite for a string, to be given to pongo2's FromString.
func RewriteString(source string) string {
	return string(Rewrite([]byte(source)))
}

// rewriter follows the states of pongo2's lexer: text, comment, verbatim, code.
type rewriter struct {
	src []byte
	pos int
	end int
	out []byte // copy of src, made at the first change

	found func(from, to int) // told of each template tag, if not nil
	stuck []int              // where pongo2 would not end to parse
}

const (
	verbatim    = "{% verbatim %}"
	endVerbatim = "{% endverbatim %}"
)

// text reads from the start of the template, outside of any delimiters.
func (r *rewriter) text() {
	afterVerbatim := false
	for r.pos < r.end {
		switch {
		// Two verbatim parts that touch: pongo2 reads the second as a tag.
		case r.at(verbatim) && !afterVerbatim:
			// pongo2 looks for the end from the second byte of the part on.
			r.skipPast(len(verbatim)+1, endVerbatim)
			afterVerbatim = true
			continue
		case r.at("{#"):
			r.comment()
		case r.at("{{"), r.at("{%"):
			r.code()
		case r.at("<%") && r.tag():
		default:
			r.pos++
		}
		afterVerbatim = false
	}
}

func (r *rewriter) at(prefix string) bool {
	return bytes.HasPrefix(r.src[r.pos:r.end], []byte(prefix))
}

// skipPast moves behind the first mark that begins at least from bytes ahead,
// or to the end.
func (r *rewriter) skipPast(from int, mark string) {
	from = min(r.pos+from, r.end)
	i := bytes.Index(r.src[from:r.end], []byte(mark))
	if i < 0 {
		r.pos = r.end
		return
	}
	r.pos = from + i + len(mark)
}

// comment moves behind a comment. One that is not closed on its line ends
// pongo2's reading.
func (r *rewriter) comment() {
	from := r.pos
	r.skipPast(len("{#"), "#}")
	if bytes.IndexByte(r.src[from:r.pos], '\n') >= 0 {
		r.pos = r.end
	}
}

// code moves behind {{ … }} or {% … %}.
func (r *rewriter) code() {
	c := code{src: r.src[:r.end], pos: r.pos}
	if c.run(); c.why == refused {
		c.pos = r.end
	} else {
		r.stuck = append(r.stuck, c.stuck...)
	}
	if c.why == closed && r.at("{%") {
		r.tell(r.pos, c.pos)
	}
	r.pos = c.pos
}

// tag rewrites the template tag of ours at pos and moves behind it. It reports
// false, without having moved, if there is none.
func (r *rewriter) tag() bool {
	if r.pos > 0 && r.src[r.pos-1] == '{' {
		return false
	}
	inside := r.pos + len("<%")
	if inside < r.end && r.src[inside] == '-' {
		inside++
	}
	c := code{src: r.src[:r.end], pos: inside, angle: true}
	if !c.ours() {
		return false
	}
	if c.run(); c.why != closed {
		return false
	}
	if r.out == nil {
		r.out = bytes.Clone(r.src)
	}
	r.out[r.pos] = '{'
	r.out[c.pos-1] = '}'
	r.tell(r.pos, c.pos)
	r.pos = c.pos
	return true
}

func (r *rewriter) tell(from, to int) {
	if r.found != nil {
		r.found(from, to)
	}
}
