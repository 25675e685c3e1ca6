package fragment

import (
	"errors"
	"fmt"
)

// A Transform changes entries on their way to a Backend, and back: it
// compresses or encrypts them. Options.Transforms lists those of a Cache.
//
// It is safe for concurrent use. Neither method changes the bytes that it is
// given, nor keeps them; what it returns is the engine's, and may be a part of
// what it was given. An error of Seal keeps the entry from being stored. An error
// of Open makes the entry a miss, whatever the bytes are: they come from a place
// that others may write to, so that Open trusts no length in them and bounds what
// it allocates. Errors hold neither keys nor bytes of an entry.
type Transform interface {
	// Seal returns what is stored in place of entry under key, which is that
	// of the Backend.
	Seal(key string, entry []byte) (sealed []byte, err error)

	// Open returns the entry that Seal was given with the same key.
	Open(key string, sealed []byte) (entry []byte, err error)
}

// errTransform is why an entry is not stored whose Seal failed.
var errTransform = errors.New("a transform failed")

// sealed returns raw as the transforms of the Cache leave it.
func (c *core) sealed(key string, raw []byte) ([]byte, error) {
	for _, t := range c.transforms {
		var err error
		if raw, err = sealBy(t, key, raw); err != nil {
			return nil, fmt.Errorf("%w: %w", errTransform, err)
		}
	}
	return raw, nil
}

func sealBy(t Transform, key string, raw []byte) (sealed []byte, err error) {
	defer caughtTransform(&err)
	return t.Seal(key, raw)
}

func openBy(t Transform, key string, raw []byte) (entry []byte, err error) {
	defer caughtTransform(&err)
	return t.Open(key, raw)
}

func caughtTransform(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("fragment: a transform panicked: %v", p)
	}
}
