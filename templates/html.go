package templates

import "bytes"

// A markup follows HTML just far enough to tell where a comment may stand: not
// inside of a tag, a comment, a script or another element of plain text.
type markup struct {
	in    markupState
	quote byte   // that ends the value of an attribute
	name  []byte // of the tag that is being read, in lower case
	ends  bool   // that tag is an end tag
	raw   []byte // name of the element of plain text
	tail  []byte // what was read last, to find what spans two pieces
}

type markupState int

const (
	inContent markupState = iota
	inName                // of a tag
	inTag
	inQuote
	inComment
	inRaw
)

// rawElements hold text in which nothing is markup but their end.
var rawElements = wordSet("script style textarea title xmp iframe noembed noframes plaintext")

// feed reads on.
func (m *markup) feed(text []byte) {
	for _, b := range text {
		m.tail = append(m.tail, lower(b))
		if len(m.tail) > 64 {
			m.tail = append(m.tail[:0], m.tail[32:]...)
		}
		m.step(b)
	}
}

func (m *markup) step(b byte) {
	switch m.in {
	case inContent:
		if bytes.HasSuffix(m.tail, []byte("<!--")) {
			m.in = inComment
		} else if opens := m.before(); opens && (b == '/' || isLetter(b)) {
			m.in, m.ends, m.name = inName, b == '/', nil
			if b != '/' {
				m.name = append(m.name, lower(b))
			}
		}
	case inName:
		m.readName(b)
	case inTag:
		m.readTag(b)
	case inQuote:
		if b == m.quote {
			m.in = inTag
		}
	case inComment:
		if bytes.HasSuffix(m.tail, []byte("-->")) {
			m.in = inContent
		}
	case inRaw:
		if end := append([]byte("</"), m.raw...); (b == '>' || isSpace(b) || b == '/') && bytes.HasSuffix(m.tail[:len(m.tail)-1], end) {
			m.in, m.ends, m.name = inTag, true, nil
			m.readTag(b)
		}
	}
}

// before reports whether the byte before the last one is "<".
func (m *markup) before() bool { return len(m.tail) > 1 && m.tail[len(m.tail)-2] == '<' }

func (m *markup) readName(b byte) {
	if b != '>' && b != '/' && !isSpace(b) {
		m.name = append(m.name, lower(b))
		return
	}
	m.in = inTag
	m.readTag(b)
}

func (m *markup) readTag(b byte) {
	switch {
	case b == '>' && !m.ends && rawElements[string(m.name)]:
		m.in, m.raw = inRaw, m.name
	case b == '>':
		m.in = inContent
	case b == '"' || b == '\'':
		m.in, m.quote = inQuote, b
	}
}

// open reports whether a comment may begin here.
func (m *markup) open() bool {
	return m.in == inContent && !bytes.HasSuffix(m.tail, []byte("<")) && !bytes.HasSuffix(m.tail, []byte("<!"))
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func isLetter(b byte) bool { return 'a' <= lower(b) && lower(b) <= 'z' }
