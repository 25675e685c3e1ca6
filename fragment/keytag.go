package fragment

import (
	"crypto/sha256"
	"encoding/base64"
)

// TagOfKeys is what each tag begins with that Key.Tag returns.
const TagOfKeys = "!key:"

// Tag returns a tag that stands for the key, for entries that are to be freed
// together under it though their own keys differ. Keys that differ have
// different tags, which tell nothing of their parts. That of an invalid key is
// empty.
func (k Key) Tag() string {
	if k.text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(k.text))
	return TagOfKeys + base64.RawURLEncoding.EncodeToString(sum[:16])
}
