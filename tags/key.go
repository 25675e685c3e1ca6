package tags

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
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
// digests of a NAME and of a path.
func (t *cacheTag) key(digest, name string, autoescape bool, vary []any) fragment.Key {
	var b fragment.KeyBuilder
	b.Start(space, name)
	if digest != "" {
		b.String(digest)
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

// Delete removes what {% cache … name vary… %} stored in c, whether it was
// rendered with escaping or without and whatever its text was. What contains
// such a block is freed with it where the keys hold digests of sources. A fill that is under way then stores
// nothing. The types of vary count: 42 in a template is 42 here and not "42".
func Delete(ctx context.Context, c *fragment.Cache, name string, vary ...any) error {
	switch {
	case c == nil:
		return errors.New("tags: Delete needs a cache, such as registry.Cache(\"default\")")
	case name == "":
		return errors.New("tags: Delete needs the NAME of a block; a block without one is freed by its tags")
	}
	var keys [2]fragment.Key
	for i := range keys {
		var b fragment.KeyBuilder
		b.Start(space, name)
		finishKey(&b, i == 1, vary)
		keys[i] = b.Key()
	}
	// Both are tried: an entry is found by its key, by its stamp or not at all.
	err := c.Delete(ctx, keys[:]...)
	stamp, invalid := stampOf(name, vary)
	if invalid != nil {
		return err
	}
	return errors.Join(err, c.InvalidateTags(ctx, stamp))
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
