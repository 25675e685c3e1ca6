package fragment

import (
	"crypto/sha256"
	"encoding/base64"
)

// Tag returns a tag that stands for the key, for entries that are to be freed
// together under it though their own keys differ. Keys that differ have
// different tags, which tell nothing of their parts. That of an invalid key is
// empty.
func (k Key) Tag() string {
	if k.text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(k.text))
	return "!key:" + base64.RawURLEncoding.EncodeToString(sum[:16])
}
