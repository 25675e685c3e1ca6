package tags

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
)

// space is the key space of template tags.
const space = fragment.Space("tag")

// A keyPair holds the keys of a block: without and with escaping. The same
// block can run with both, and what was rendered without must never be served
// where escaping is asked for.
type keyPair [2]fragment.Key

func (p *keyPair) of(autoescape bool) fragment.Key {
	if autoescape {
		return p[1]
	}
	return p[0]
}

// key returns the key of an entry. That of a block without NAME holds the
// digest of its body in front of the rest, where that of a NAME has a bool, so
// that a path and a NAME never meet. A version stands in front of all, behind a
// nil, which is there in no other key.
func (t *cacheTag) key(name string, autoescape bool, version any, vary []any) fragment.Key {
	var b fragment.KeyBuilder
	b.Start(space, name)
	if t.option[optVersion] != nil {
		b.Nil()
		b.Part(version)
	}
	if t.arguments.name == nil {
		b.String(t.digest)
	}
	finishKey(&b, autoescape, vary)
	return b.Key()
}

func finishKey(b *fragment.KeyBuilder, autoescape bool, vary []any) {
	b.Bool(autoescape)
	for _, v := range vary {
		b.Part(v)
	}
}

// digestOf returns a digest of the tokens of a body: of its text and code, but
// not of its place in the template nor of comments.
func digestOf(doc *pongo2.Parser, from, to int) string {
	h := sha256.New()
	for i := from; i < to; i++ {
		t := doc.Get(i)
		addToDigest(h, int(t.Typ), t.TrimWhitespaces, t.Val)
	}
	// The delimiters around the body may trim its first and last text.
	for _, around := range []int{from - 1, to} {
		addToDigest(h, -1, doc.Get(around).TrimWhitespaces, "")
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

func addToDigest(h hash.Hash, kind int, trims bool, text string) {
	var head [17]byte
	binary.LittleEndian.PutUint64(head[:], uint64(kind))
	binary.LittleEndian.PutUint64(head[8:], uint64(len(text)))
	if trims {
		head[16] = 1
	}
	h.Write(head[:])
	h.Write([]byte(text))
}
