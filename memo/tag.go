package memo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// maxTagName is how long a name may be in a tag before it is digested.
const maxTagName = 200

// tagOf returns the tag of all answers of the loaders called name. A name may
// hold what a tag may not: that is escaped by '%', and a long name is digested
// behind a '#', so that two names never share a tag.
func tagOf(name string) string {
	var b strings.Builder
	b.WriteString("!memo:")
	if len(name) > maxTagName {
		sum := sha256.Sum256([]byte(name))
		return b.String() + "#" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c <= ' ', c == ',', c == '%', c == '#', c >= 0x7f:
			fmt.Fprintf(&b, "%%%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
