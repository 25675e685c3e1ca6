package fragment

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A KeyBuilder makes a Key part by part without an allocation before Key. It is
// the long form of Space.Key for code that makes keys on each request. The zero
// value is ready for Start. It is not safe for concurrent use and may be used
// again after Start.
//
// The text of a key is
//
//	[space!]name|part|part…
//
// where each part begins with a letter for its type and what can hold any byte
// is preceded by its length, so that it can be read back in one way only.
type KeyBuilder struct {
	space   Space
	name    string
	problem string
	count   int // parts so far, for messages
	n       int // bytes used of short
	short   [keyRoom]byte
	long    []byte // takes over from short when that is full
}

const (
	keyRoom     = 176 // on the stack of the caller
	maxKeyText  = 128 // longer or unprintable text is digested
	maxReadable = 48  // a longer name is not kept before a digest
)

// Start begins a key called name in space.
func (b *KeyBuilder) Start(space Space, name string) {
	b.space, b.name, b.problem, b.count, b.n, b.long = space, name, "", 0, 0, nil
	for i := range len(space) {
		if !isLetterOrDigit(space[i]) {
			b.fail("fragment: a key space is a word of letters and digits")
		}
	}
	if space != "" {
		b.text(string(space))
		b.byte('!')
	}
	if isPlain(name) {
		b.text(name)
		return
	}
	// '~' begins no plain name, so a name given by its length meets none.
	b.byte('~')
	b.sized(name)
}

// String adds a string part.
func (b *KeyBuilder) String(s string) {
	b.begin('s')
	b.sized(s)
}

// Bytes adds a []byte part; it differs from the string of the same bytes.
func (b *KeyBuilder) Bytes(p []byte) {
	b.begin('x')
	b.number(uint64(len(p)))
	b.byte('.')
	b.append(p)
}

// Int adds a whole number.
func (b *KeyBuilder) Int(i int64) {
	b.begin('i')
	if i < 0 {
		b.byte('-')
		b.number(-uint64(i))
		return
	}
	b.number(uint64(i))
}

// Uint adds a whole number; up to math.MaxInt64 it is the part that Int adds.
func (b *KeyBuilder) Uint(u uint64) {
	b.begin('i')
	b.number(u)
}

// Bool adds true or false.
func (b *KeyBuilder) Bool(v bool) {
	if v {
		b.begin('t')
		return
	}
	b.begin('f')
}

// Float adds a floating-point number by its bits.
func (b *KeyBuilder) Float(f float64) {
	b.begin('d')
	b.number(math.Float64bits(f))
}

// Time adds an instant; the zone does not matter.
func (b *KeyBuilder) Time(t time.Time) {
	b.begin('m')
	b.number(uint64(t.Unix()))
	b.byte('.')
	b.number(uint64(t.Nanosecond()))
}

// Nil adds the part nil.
func (b *KeyBuilder) Nil() { b.begin('n') }

// Clone returns a copy that goes on from here, for code that makes many keys
// with the same beginning. Both may be used, each by its own goroutine.
func (b *KeyBuilder) Clone() KeyBuilder {
	c := *b
	c.long = slices.Clip(c.long) // what the copy adds must not land in the room of b
	return c
}

// Key returns the key. The builder may be used again after Start.
func (b *KeyBuilder) Key() Key {
	if b.name == "" {
		b.fail("fragment: a key needs a name: KeyOf(\"users\", id)")
	}
	if b.problem != "" {
		return Key{name: b.name, problem: b.problem}
	}
	text := b.bytes()
	if len(text) <= maxKeyText && isPrintable(text) {
		return Key{name: b.name, text: string(text)}
	}
	return Key{name: b.name, text: b.digest(text)}
}

// digest is the text of a key that is long or not printable: its name, if that
// is short and plain, and '#', which no other text has before its first '|'.
func (b *KeyBuilder) digest(text []byte) string {
	sum := sha256.Sum256(text)
	var short [maxReadable + 1 + 43]byte
	out := short[:0]
	if len(b.name) <= maxReadable && isPlain(b.name) {
		out = append(out, b.name...)
	}
	out = append(out, '#')
	return string(base64.RawURLEncoding.AppendEncode(out, sum[:]))
}

func (b *KeyBuilder) begin(kind byte) {
	b.count++
	b.byte('|')
	b.byte(kind)
}

func (b *KeyBuilder) sized(s string) {
	b.number(uint64(len(s)))
	b.byte('.')
	b.text(s)
}

func (b *KeyBuilder) number(u uint64) {
	var digits [20]byte
	b.append(strconv.AppendUint(digits[:0], u, 10))
}

func (b *KeyBuilder) text(s string) {
	if b.long == nil && b.n+len(s) <= keyRoom {
		b.n += copy(b.short[b.n:], s)
		return
	}
	b.spill()
	b.long = append(b.long, s...)
}

func (b *KeyBuilder) append(p []byte) {
	if b.long == nil && b.n+len(p) <= keyRoom {
		b.n += copy(b.short[b.n:], p)
		return
	}
	b.spill()
	b.long = append(b.long, p...)
}

func (b *KeyBuilder) byte(c byte) {
	if b.long == nil && b.n < keyRoom {
		b.short[b.n] = c
		b.n++
		return
	}
	b.spill()
	b.long = append(b.long, c)
}

func (b *KeyBuilder) spill() {
	if b.long == nil {
		b.long = append(make([]byte, 0, 4*keyRoom), b.short[:b.n]...)
	}
}

func (b *KeyBuilder) bytes() []byte {
	if b.long != nil {
		return b.long
	}
	return b.short[:b.n]
}

// fail makes the key invalid; the first problem is kept.
func (b *KeyBuilder) fail(format string, args ...any) {
	if b.problem == "" {
		b.problem = fmt.Sprintf(format, args...)
	}
}

// isPlain reports whether a name stands for itself in a key: printable, and
// free of the marks that end a space, a name or a digest's name.
func isPlain(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c <= ' ' || c > '}', c == '|', c == '!', c == '#':
			return false
		}
	}
	return name != ""
}

func isPrintable(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func isLetterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
