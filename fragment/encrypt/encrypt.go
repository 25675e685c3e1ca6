package encrypt

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/pongocache/pongocache/fragment"
)

// What is stored:
//
//	 0  version
//	 1  id of the encryption key    8 bytes
//	 9  nonce, random              24
//	33  the entry, encrypted
//	    tag                        16
//
// The first two are its head. The tag covers all of it, and the key of the
// Backend. Random nonces of that length do not meet, however many there are.
const (
	version   = 0xe1
	headSize  = 1 + idSize
	nonceSize = chacha20poly1305.NonceSizeX
	overhead  = headSize + nonceSize + chacha20poly1305.Overhead
)

var (
	errForeign = errors.New("encrypt: open: what is stored was not sealed by this package")
	errNoKey   = errors.New("encrypt: open: what is stored was sealed with a key that New was not given")
	errForged  = errors.New("encrypt: open: what is stored was changed, made up, or moved to another key of the backend")
)

// A Transform encrypts entries. It is made by New, and is safe for concurrent
// use.
type Transform struct {
	secrets []secret // the first one seals
}

// A secret is an encryption key in use.
type secret struct {
	head [headSize]byte // of what is sealed with it
	// aead is a func because fmt and its like look into anything else: a
	// Transform, or what holds one, may be printed with any verb.
	aead func() cipher.AEAD
}

var _ fragment.Transform = (*Transform)(nil)

// New returns a Transform that seals with key, and opens what was sealed with key
// or one of older. Each of them is KeySize random bytes, which are copied. An
// error tells which one is wrong, and shows no bytes of it.
func New(key []byte, older ...[]byte) (*Transform, error) {
	t := &Transform{}
	for i, key := range slices.Concat([][]byte{key}, older) {
		s, err := newSecret(key)
		if err != nil {
			return nil, fmt.Errorf("encrypt: %s %w", argument(i), err)
		}
		if at := t.find(s.head); at >= 0 {
			return nil, fmt.Errorf("encrypt: %s is the same as %s", argument(i), argument(at))
		}
		t.secrets = append(t.secrets, s)
	}
	return t, nil
}

// argument names the key of New that comes after n others.
func argument(n int) string {
	if n == 0 {
		return "key"
	}
	return fmt.Sprintf("older[%d]", n-1)
}

// newSecret returns key in use. The error continues a sentence that begins with
// the name of key.
func newSecret(key []byte) (secret, error) {
	if len(key) != KeySize {
		return secret{}, fmt.Errorf("is %d bytes: want %d", len(key), KeySize)
	}
	if [KeySize]byte(key) == [KeySize]byte{} {
		return secret{}, errors.New("is all zeros: want random bytes")
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return secret{}, fmt.Errorf("cannot be used: %w", err)
	}
	s := secret{aead: func() cipher.AEAD { return aead }}
	s.head[0] = version
	copy(s.head[1:], idOf(key))
	return s, nil
}

// find returns the place of the secret that head belongs to, or -1.
func (t *Transform) find(head [headSize]byte) int {
	return slices.IndexFunc(t.secrets, func(s secret) bool { return s.head == head })
}

// Seal implements fragment.Transform. It never fails.
func (t *Transform) Seal(key string, entry []byte) ([]byte, error) {
	s := t.secrets[0]
	sealed := make([]byte, headSize+nonceSize, overhead+len(entry))
	copy(sealed, s.head[:])
	nonce := sealed[headSize:]
	_, _ = rand.Read(nonce) // the program ends where there is no randomness
	return s.aead().Seal(sealed, nonce, entry, s.bound(key)), nil
}

// Open implements fragment.Transform.
func (t *Transform) Open(key string, sealed []byte) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != version {
		return nil, errForeign
	}
	at := t.find([headSize]byte(sealed))
	if at < 0 {
		return nil, errNoKey
	}
	s := t.secrets[at]
	nonce, box := sealed[headSize:headSize+nonceSize], sealed[headSize+nonceSize:]
	entry, err := s.aead().Open(nil, nonce, box, s.bound(key))
	if err != nil {
		return nil, errForged
	}
	return entry, nil
}

// bound is what the tag covers beside the nonce and the entry. The head has a
// length that never changes, so no two of them are the same.
func (s secret) bound(key string) []byte {
	return append(append(make([]byte, 0, headSize+len(key)), s.head[:]...), key...)
}
