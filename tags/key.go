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

// key returns the key of an entry. A digest stands in front of the rest, where
// the key of a NAME without one has a bool, so that they never meet; nor do
// digests of a NAME and of a path. A version stands in front of all, behind a
// nil, which is there in no other key.
func (t *cacheTag) key(digest, name string, autoescape bool, version any, vary []any) fragment.Key {
	var b fragment.KeyBuilder
	t.startKey(&b, digest, name, autoescape, version)
	finishKey(&b, vary)
	return b.Key()
}

// startKey begins a key with all but VARY.
func (t *cacheTag) startKey(b *fragment.KeyBuilder, digest, name string, autoescape bool, version any) {
	b.Start(space, name)
	if t.option[optVersion] != nil {
		b.Nil()
		b.Part(version)
	}
	if digest != "" {
		b.String(digest)
	}
	b.Bool(autoescape)
}

func finishKey(b *fragment.KeyBuilder, vary []any) {
	for _, v := range vary {
		b.Part(v)
	}
}

// bodyDigest returns the digest of a body. The delimiters around it may trim its
// first and last text.
func bodyDigest(doc *pongo2.Parser, from, to int) string { return digestOf(doc, from-1, to+1) }

// digestOf returns a digest of tokens: of text and code, but not of their place
// in the template nor of comments.
func digestOf(doc *pongo2.Parser, from, to int) string {
	h := sha256.New()
	for i := from; i < to; i++ {
		t := doc.Get(i)
		addToDigest(h, int(t.Typ), t.TrimWhitespaces, t.Val)
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
