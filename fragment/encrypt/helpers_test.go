package encrypt_test

import (
	"bytes"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/encrypt"
)

// What is stored, as encrypt.go documents it.
const (
	idSize    = 8
	nonceSize = 24
	tagSize   = 16
	overhead  = 1 + idSize + nonceSize + tagSize
)

// where is a key of a Backend.
const where = "shop:page/1"

// keyOf returns an encryption key that is not random, for tests alone.
func keyOf(n byte) []byte { return bytes.Repeat([]byte{n}, encrypt.KeySize) }

func newTransform(t testing.TB, key []byte, older ...[]byte) *encrypt.Transform {
	t.Helper()
	transform, err := encrypt.New(key, older...)
	if err != nil {
		t.Fatalf("New with %d older keys: %v", len(older), err)
	}
	return transform
}

// seal returns what is stored for entry, which must neither fail nor change it.
func seal(t testing.TB, transform fragment.Transform, key string, entry []byte) []byte {
	t.Helper()
	before := bytes.Clone(entry)
	sealed, err := transform.Seal(key, entry)
	if err != nil {
		t.Fatalf("Seal of %d bytes: %v", len(entry), err)
	}
	if !bytes.Equal(entry, before) {
		t.Fatalf("Seal changed the %d bytes that it was given", len(entry))
	}
	return sealed
}

// wantOpen tests that sealed opens to entry, and is not changed by that.
func wantOpen(t testing.TB, transform fragment.Transform, key string, sealed, entry []byte) {
	t.Helper()
	before := bytes.Clone(sealed)
	got, err := transform.Open(key, sealed)
	if err != nil || !bytes.Equal(got, entry) {
		t.Errorf("Open: %d bytes, error %v; want the %d bytes that were sealed", len(got), err, len(entry))
	}
	if !bytes.Equal(sealed, before) {
		t.Errorf("Open changed the %d bytes that it was given", len(sealed))
	}
}

// wantErr tests that sealed does not open, and returns the text of the error.
func wantErr(t testing.TB, what string, transform fragment.Transform, key string, sealed []byte) string {
	t.Helper()
	got, err := transform.Open(key, sealed)
	if err == nil || got != nil {
		t.Errorf("Open of %d bytes, %s: %d bytes, error %v; want an error alone", len(sealed), what, len(got), err)
		return ""
	}
	return err.Error()
}
