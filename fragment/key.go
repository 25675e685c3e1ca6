package fragment

import "errors"

// A Key names one entry. Keys are made by KeyOf, by Space.Key or by a
// KeyBuilder; two of them are == if and only if they mean the same entry.
type Key struct {
	name    string
	text    string // what the Backend sees, after the prefix of the Cache
	problem string // why the key is invalid; text is empty then
}

// KeyOf returns the key of an entry: a readable name, used by statistics and
// events, and any number of parts that tell its entries apart. It is injective:
// other parts, or the same text split in another way, are another key.
//
// A part is nil, a bool, a number, a string, a []byte, a time.Time (told apart
// by instant), a pointer to such (followed; a nil pointer is nil), a slice or an
// array of such (a nil slice is nil), or a value with a method CacheKey()
// string. Types matter: nil, "", 0 and "0" all differ. Whole numbers of the same value are the same
// part whatever their size and sign, and floats differ by their bits; a named
// type counts as the type below it. Any other part (a struct, map or func)
// makes the key invalid: Err says why, and so does every use of it.
//
// Short keys of printable text stay readable in the Backend; others are
// shortened by SHA-256.
func KeyOf(name string, parts ...any) Key { return Space("").Key(name, parts...) }

// A Space is a key space: the keys of one never meet those of another. The
// zero Space is that of KeyOf; each surface has its own. A Space is a short
// word of letters and digits.
type Space string

// Key is KeyOf in the space s.
func (s Space) Key(name string, parts ...any) Key {
	var b KeyBuilder
	b.Start(s, name)
	for _, part := range parts {
		b.Part(part)
	}
	return b.Key()
}

// Err tells why the key is invalid, or returns nil.
func (k Key) Err() error {
	if k.text != "" {
		return nil
	}
	if k.problem == "" {
		return errors.New("fragment: the zero Key: make keys by KeyOf(name, parts...)")
	}
	return errors.New(k.problem)
}

// Name returns the readable name that the key was made with.
func (k Key) Name() string { return k.name }

// String returns the name. The parts may be personal and are never printed.
func (k Key) String() string { return k.name }
