package fragment

import (
	"crypto/sha256"
	"encoding/base64"
)

// Tag returns an invalidation group for all entries that a surface stores for the
// name and the parts so far, whatever else is in their keys. It is as injective
// as a key up to a hash of 96 bits, valid for CheckTag, of at most
// len(space)+18 bytes, and tells nothing of the parts or the name; it is not one
// of a user's, as it begins with "!". For parts that make a key invalid it is
// empty. The builder may be added to, and ended by Key, afterwards.
func (b *KeyBuilder) Tag() string {
	if b.problem != "" || b.name == "" {
		return ""
	}
	sum := sha256.Sum256(b.bytes())
	out := make([]byte, 0, 64)
	out = append(out, '!')
	out = append(out, b.space...)
	out = append(out, ':')
	return string(base64.RawURLEncoding.AppendEncode(out, sum[:12]))
}
