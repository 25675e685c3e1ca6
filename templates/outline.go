package templates

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pongocache/pongocache/tags"
)

// renderOutlined is render with Options.Outline.
func (t *Template) renderOutlined(ctx context.Context, w io.Writer, s *workspace) error {
	o := tags.NewOutline()
	t.set.binding.AttachOutlined(ctx, s.data, t.made, o)
	if err := t.pongo2.ExecuteWriterUnbuffered(s.data, &s.out); err != nil {
		return t.failed(err)
	}
	_, err := w.Write(outlined(s.out.Bytes(), o, t.name))
	return err
}

// isHTML reports whether what a template has written may bear comments and a
// script.
func isHTML(name string, page []byte) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm":
		return true
	case ".xml", ".xhtml", ".txt", ".md":
		return false
	}
	page = bytes.TrimSpace(page)
	return bytes.HasPrefix(page, []byte("<")) && !bytes.HasPrefix(page, []byte("<?xml"))
}

// A span is a cached block that begins and ends where comments may stand.
type span struct {
	block      int
	begin, end int // offsets in the page without marks; end is -1 until it is known
}

// outlined replaces the marks of o by comments and adds the script that draws
// around them. A block that stands in a tag, a script or other plain text stays
// without. A comment changes no HTML that is valid, in tables and lists too.
func outlined(page []byte, o *tags.Outline, name string) []byte {
	plain, spans := unmark(page, o)
	if len(spans) == 0 || !isHTML(name, plain) {
		return plain
	}
	points := append(pointsOf(spans, o), point{scriptPlace(plain), fmt.Sprintf("<script>%s(%q)</script>", strings.TrimSpace(outlineScript), o.ID())})
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	var out []byte
	at := 0
	for _, p := range points {
		out = append(append(out, plain[at:p.at]...), p.text...)
		at = p.at
	}
	return append(out, plain[at:]...)
}

// outlineScript is a function that draws around the blocks of one rendering.
//
//go:embed outline.js
var outlineScript string

// scriptPlace returns where the script may stand: before the last </body>, or at
// the end, where lists and tables allow it, too.
func scriptPlace(page []byte) int {
	for _, end := range []string{"</body", "</html"} {
		at := bytes.LastIndex(bytes.ToLower(page), []byte(end))
		if at < 0 {
			continue
		}
		var m markup
		if m.feed(page[:at]); m.open() {
			return at
		}
	}
	return len(page)
}

// unmark returns the page without marks, and the blocks to be drawn, in order.
func unmark(page []byte, o *tags.Outline) (plain []byte, spans []span) {
	var m markup
	at := make(map[int]int) // block → index in spans
	for {
		before, block, end, after, found := o.Next(page)
		m.feed(before)
		plain = append(plain, before...)
		if !found {
			return plain, closedSpans(spans)
		}
		page = after
		i, begun := at[block]
		switch {
		case block < 0 || !m.open():
		case !end:
			at[block] = len(spans)
			spans = append(spans, span{block, len(plain), -1})
		case begun:
			spans[i].end = len(plain)
		}
	}
}

func closedSpans(spans []span) (whole []span) {
	for _, s := range spans {
		if s.end >= 0 {
			whole = append(whole, s)
		}
	}
	return whole
}

// A point is where a text is to be added.
type point struct {
	at   int
	text string
}

// pointsOf returns the points of spans in the order of the page. Spans do not
// overlap but nest, so that where several meet the inner ones end first.
func pointsOf(spans []span, o *tags.Outline) (points []point) {
	var open []span
	closeUpTo := func(begin int) {
		for len(open) > 0 && open[len(open)-1].end <= begin {
			last := open[len(open)-1]
			points = append(points, point{last.end, fmt.Sprintf("<!--/%s %d-->", o.ID(), last.block)})
			open = open[:len(open)-1]
		}
	}
	for _, s := range spans {
		closeUpTo(s.begin)
		points = append(points, point{s.begin, fmt.Sprintf("<!--%s %d %s-->", o.ID(), s.block, label(o.Blocks[s.block]))})
		open = append(open, s)
	}
	closeUpTo(math.MaxInt)
	return points
}

// label says in one line what a block is; it is safe in a comment.
func label(b tags.Block) string {
	parts := []string{b.State + " " + b.Name}
	if b.Life > 0 {
		parts = append(parts, fmt.Sprintf("age %s of %s", brief(b.Age), lifeOf(b.Life)))
	}
	if len(b.Tags) > 0 {
		parts = append(parts, "tags "+strings.Join(b.Tags, " "))
	}
	if b.Cost > 0 {
		parts = append(parts, "rendered in "+brief(b.Cost))
	}
	text := strings.Map(safeRune, strings.Join(parts, ", "))
	return hyphens.ReplaceAllStringFunc(text, func(some string) string { return strings.Join(strings.Split(some, ""), " ") })
}

// hyphens are what no comment may hold.
var hyphens = regexp.MustCompile("--+")

// safeRune spells what may end a comment, or is no text in HTML, in another way, and
// the letter of microseconds so that the encoding of the page does not matter.
func safeRune(r rune) rune {
	switch {
	case r == 'µ':
		return 'u'
	case r == '<':
		return '('
	case r == '>':
		return ')'
	case !unicode.IsPrint(r):
		return ' '
	}
	return r
}

func lifeOf(d time.Duration) string {
	if d >= 100*365*24*time.Hour {
		return "forever"
	}
	return brief(d)
}

// brief is d in few letters: 5m, and not 5m0s.
func brief(d time.Duration) string {
	text := round(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// round leaves three digits or so.
func round(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}
