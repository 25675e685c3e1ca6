package tags

import (
	"bytes"
	"html"
	"strings"

	"github.com/flosch/pongo2/v6"
)

// What a hole shows that stands in a macro may get into a variable, and with that into
// a cached body. Inside of one that is stored it is a mark, by which that is found out;
// elsewhere it is what one visitor sees. So a rendering remembers that, and a body in
// which it is found again is not stored. What a filter has changed is not found.
type shown struct {
	texts map[string]string // each as it was shown, and without escapes
	size  int               // bytes of them
	lost  bool              // there were too many
}

const (
	leastShown  = 3 // bytes: less stands in any text
	mostShown   = 10_000
	mostSize    = 1 << 20
	mostEscaped = 4 // times
)

// A shownWriter keeps what it writes.
type shownWriter struct {
	pongo2.TemplateWriter
	text bytes.Buffer
}

func (w *shownWriter) Write(p []byte) (int, error) {
	w.text.Write(p)
	return w.TemplateWriter.Write(p)
}

func (w *shownWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// keepsHoles reports whether a hole leaves a mark here, in a body that is to be stored.
// One whose cache is closed or stores nothing has no holes, and leaves that to the next.
func (r *rendering) keepsHoles() bool {
	for body := r.filling; body != nil; body = body.around {
		if body.kept && !body.inHole && body.holes != nil {
			return body.holes.Keeps()
		}
	}
	return false
}

// showing returns what a hole is to write to in place of w, and what is to be called
// then.
func (r *rendering) showing(w pongo2.TemplateWriter, inMacro bool) (to pongo2.TemplateWriter, done func()) {
	if r.keepsHoles() {
		return w, func() {}
	}
	kept, into := &shownWriter{TemplateWriter: w}, &r.shown
	if !inMacro {
		into = &r.passed
	}
	return kept, func() { into.add(kept.text.Bytes()) }
}

func (s *shown) add(text []byte) {
	if _, again := s.texts[string(text)]; again || len(text) < leastShown || s.lost {
		return
	}
	if s.size += len(text); s.size > mostSize || len(s.texts) == mostShown {
		s.texts, s.lost = nil, true
		return
	}
	if s.texts == nil {
		s.texts = make(map[string]string)
	}
	s.texts[string(text)] = unescaped(text)
}

// in reports whether a body may hold what one visitor was shown before, also escaped: as
// the argument of a macro it is a text like any other.
func (s *shown) in(body []byte) bool {
	if s.lost || len(s.texts) == 0 {
		return s.lost
	}
	whole, plain := string(body), unescaped(body)
	for text, bare := range s.texts {
		if strings.Contains(whole, text) || len(bare) >= leastShown && strings.Contains(plain, bare) {
			return true
		}
	}
	return false
}

// unescaped is what a text says that was escaped, by one macro after the other.
func unescaped(text []byte) string {
	plain := string(text)
	for range mostEscaped {
		plain = html.UnescapeString(plain)
	}
	return plain
}

// brings reports whether a variable that a body can reach has what one visitor was
// shown by a hole that stands in no macro: {% include %} in one, or block.Super, may have
// brought it there.
func (r *run) brings(value []byte) bool {
	if !r.in.passed.in(value) {
		return false
	}
	seen := []pongo2.Context{r.ec.Public, r.ec.Private}
	if r.outside != nil { // whose variables {% cacheeach %} may hide
		seen = append(seen, r.outside.Private)
	}
	for _, data := range seen {
		for _, v := range data {
			if text, is := unwrap(v).(string); is && r.in.passed.in([]byte(text)) {
				return true
			}
		}
	}
	return false
}
