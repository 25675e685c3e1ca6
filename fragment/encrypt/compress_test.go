package encrypt_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/compress"
)

// A chain is the transforms of a Cache, each of which is given what the one
// before it returned.
type chain []fragment.Transform

func (c chain) Seal(key string, entry []byte) (sealed []byte, err error) {
	for _, transform := range c {
		if entry, err = transform.Seal(key, entry); err != nil {
			return nil, err
		}
	}
	return entry, nil
}

func (c chain) Open(key string, sealed []byte) (entry []byte, err error) {
	for _, transform := range slices.Backward(c) {
		if sealed, err = transform.Open(key, sealed); err != nil {
			return nil, err
		}
	}
	return sealed, nil
}

func TestCompressionComesBeforeEncryption(t *testing.T) {
	small, err := compress.New(compress.Options{})
	if err != nil {
		t.Fatal(err)
	}
	secret := newTransform(t, keyOf(1))
	page := bytes.Repeat([]byte("<li>one line of many</li>\n"), 1000)
	right, wrong := chain{small, secret}, chain{secret, small}

	sealed := seal(t, right, where, page)
	if most := len(page) / 20; len(sealed) > most {
		t.Errorf("compressed, then encrypted: %d bytes of %d, want at most %d", len(sealed), len(page), most)
	}
	wantOpen(t, right, where, sealed, page)
	wantErr(t, "moved", right, "shop:page/2", sealed)
	wantErr(t, "opened in the wrong order", wrong, where, sealed)
	for at := range sealed {
		changed := bytes.Clone(sealed)
		changed[at] ^= 1
		wantErr(t, "changed", right, where, changed)
	}
	for _, entry := range [][]byte{nil, []byte("below the threshold"), page[:2000]} {
		wantOpen(t, right, where, seal(t, right, where, entry), entry)
	}

	// The wrong order works, and gains nothing.
	sealed = seal(t, wrong, where, page)
	if len(sealed) != len(page)+overhead+1 {
		t.Errorf("encrypted, then compressed: %d bytes of %d, want %d", len(sealed), len(page), len(page)+overhead+1)
	}
	wantOpen(t, wrong, where, sealed, page)
}
