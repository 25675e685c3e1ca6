package echoext

import (
	"encoding/binary"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A stored page is bytes in the cache: a head, then the body. Numbers are
// little-endian.
//
//	 0  kind: a page, one with holes, or a spec in the place of one; version
//	 2  status            2
//	 4  number of lines   4
//	 8  stored at, Unix seconds  8
//	16  length of lines   4
//	20  lines, each: length of name 2, of value 4; then the texts of all
//
// The body of a page with holes is a frame: see fragment.Holes. Its Content-Length
// and ETag are those of the frame, and each visitor gets others.
//
// A spec is kind, version and its text. It says by which headers the page
// varies; the variants are stored under keys of their own.
type stored struct {
	status  int
	at      int64
	lengths []byte // of the lines' names and values
	texts   string // all lines in a row; those of one name are together
	body    []byte
	framed  bool // the body is
}

const (
	kindPage, kindFramed, kindSpec = 'p', 'h', 'v'

	storedVersion = 1
	storedHead    = 20
	lineHead      = 6
)

func (s spec) encode() []byte {
	return append([]byte{kindSpec, storedVersion}, s...)
}

// encode returns a page as bytes, and how many of them are its head.
func encode(status int, at time.Time, h http.Header, body []byte) (page []byte, head int) {
	names := slices.Sorted(maps.Keys(h))
	lengths, texts := make([]byte, 0, 256), make([]byte, 0, 1024)
	le := binary.LittleEndian
	for _, name := range names {
		for _, value := range h[name] {
			lengths = le.AppendUint16(lengths, uint16(len(name)))
			lengths = le.AppendUint32(lengths, uint32(len(value)))
			texts = append(append(texts, name...), value...)
		}
	}
	size := len(lengths) + len(texts)
	page = make([]byte, storedHead, storedHead+size+len(body))
	page[0], page[1] = kindPage, storedVersion
	le.PutUint16(page[2:], uint16(status))
	le.PutUint32(page[4:], uint32(len(lengths)/lineHead))
	le.PutUint64(page[8:], uint64(at.Unix()))
	le.PutUint32(page[16:], uint32(size))
	page = append(append(page, lengths...), texts...)
	return append(page, body...), len(page)
}

// decode reads what encode wrote: a page, or the spec that stands in its place;
// ok is false for anything else. The header costs one allocation, however many
// lines it has; the body is a part of value.
func decode(value []byte) (page stored, other spec, ok bool) {
	if len(value) < 2 || value[1] != storedVersion {
		return stored{}, "", false
	}
	if value[0] == kindSpec {
		return stored{}, spec(value[2:]), len(value) > 2
	}
	page.framed = value[0] == kindFramed
	if value[0] != kindPage && !page.framed || len(value) < storedHead {
		return stored{}, "", false
	}
	le := binary.LittleEndian
	count, size := uint64(le.Uint32(value[4:])), uint64(le.Uint32(value[16:]))
	if size > uint64(len(value)-storedHead) || count*lineHead > size {
		return stored{}, "", false
	}
	page.status = int(le.Uint16(value[2:]))
	page.at = int64(le.Uint64(value[8:]))
	page.body = value[storedHead+size:]
	page.lengths = value[storedHead : storedHead+count*lineHead]
	page.texts = string(value[storedHead+count*lineHead : storedHead+size])
	return page, "", page.whole()
}

// whole reports whether the lengths add up to the texts.
func (p *stored) whole() bool {
	var sum uint64
	for at := 0; at < len(p.lengths); at += lineHead {
		name, value := p.lengthsAt(at)
		sum += uint64(name) + uint64(value)
	}
	return sum == uint64(len(p.texts))
}

func (p *stored) lengthsAt(at int) (name uint16, value uint32) {
	le := binary.LittleEndian
	return le.Uint16(p.lengths[at:]), le.Uint32(p.lengths[at+2:])
}

// lines yields the header line by line. The texts are parts of one string.
func (p *stored) lines(yield func(name, value string) bool) {
	rest := p.texts
	for at := 0; at < len(p.lengths); at += lineHead {
		name, value := p.lengthsAt(at)
		end := int(name) + int(value)
		if !yield(rest[:name], rest[name:end]) {
			return
		}
		rest = rest[end:]
	}
}

// etag returns the entity tag, or "".
func (p *stored) etag() string {
	for name, value := range p.lines {
		if name == "Etag" {
			return value
		}
	}
	return ""
}
