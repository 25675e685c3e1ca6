package encrypt

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of an encryption key in bytes.
const KeySize = 32

const idSize = 8

// idOf returns what tells key from others, in public: a hash that is used for
// nothing else.
func idOf(key []byte) []byte {
	sum := sha256.Sum256(append([]byte("pongocache/fragment/encrypt: id of a key\x00"), key...))
	return sum[:idSize]
}

// ParseKey returns the key that text tells, as a variable of the environment has
// it: KeySize bytes as base64, in the standard alphabet or that of URLs, padded or
// not, or as hex. Space around it is ignored. Errors show nothing of text.
func ParseKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errors.New("encrypt: parse key: there is no text: " + wantText)
	}
	var key []byte
	var err error
	if len(text) == hex.EncodedLen(KeySize) {
		key, err = hex.DecodeString(text)
	} else {
		digits := fromURL.Replace(strings.TrimSuffix(text, "="))
		key, err = base64.RawStdEncoding.Strict().DecodeString(digits)
	}
	if err != nil || len(key) != KeySize { // err may show a part of text
		return nil, fmt.Errorf("encrypt: parse key: the text, of %d characters, is no key: %s", len(text), wantText)
	}
	return key, nil
}

const wantText = "want 32 bytes as base64 or hex, such as openssl rand -base64 32 prints"

var fromURL = strings.NewReplacer("-", "+", "_", "/")
