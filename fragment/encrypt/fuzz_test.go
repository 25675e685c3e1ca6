package encrypt_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/pongocache/pongocache/fragment/encrypt"
)

// The fuzzer does not know the encryption key: nothing that it makes opens,
// except what was sealed, where it was sealed.
func FuzzHostileBytes(f *testing.F) {
	transform, err := encrypt.New(keyOf(1), keyOf(2))
	if err != nil {
		f.Fatal(err)
	}
	whole := seal(f, transform, where, []byte("an entry of some length"))
	f.Add(where, uint16(0), []byte{}, uint16(0))
	f.Add("shop:page/2", uint16(0), []byte{}, uint16(0))
	f.Add(where, uint16(0), []byte{0xe1}, uint16(0))
	f.Add(where, uint16(9), bytes.Repeat([]byte{0}, nonceSize), uint16(0))
	f.Add(where, uint16(len(whole)), []byte("more"), uint16(0))
	f.Add(where, uint16(0), []byte{}, uint16(tagSize))
	f.Fuzz(func(t *testing.T, key string, at uint16, patch []byte, cut uint16) {
		sealed := append(bytes.Clone(whole[:min(int(at), len(whole))]), patch...)
		if len(sealed) < len(whole) {
			sealed = append(sealed, whole[len(sealed):]...)
		}
		sealed = sealed[:len(sealed)-min(int(cut), len(sealed))]
		if key == where && bytes.Equal(sealed, whole) {
			wantOpen(t, transform, key, sealed, []byte("an entry of some length"))
			return
		}
		before := bytes.Clone(sealed)
		var was, is runtime.MemStats
		runtime.ReadMemStats(&was)
		wantErr(t, "changed", transform, key, sealed)
		runtime.ReadMemStats(&is)
		if used := is.TotalAlloc - was.TotalAlloc; used > uint64(2*(len(sealed)+len(key)))+4<<20 { // the fuzzer itself takes some
			t.Errorf("Open of %d bytes took %d bytes of memory", len(sealed), used)
		}
		if !bytes.Equal(sealed, before) {
			t.Errorf("Open changed the %d bytes that it was given", len(sealed))
		}
	})
}

func FuzzWhatIsSealedOpensAgain(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), "key", []byte("entry"))
	f.Add([]byte("0123456789abcdef0123456789abcdef"), "", []byte{})
	f.Fuzz(func(t *testing.T, secret []byte, key string, entry []byte) {
		transform, err := encrypt.New(secret)
		if err != nil {
			return // a wrong length, or zeros
		}
		sealed := seal(t, transform, key, entry)
		wantOpen(t, transform, key, sealed, entry)
		wantOpen(t, newTransform(t, keyOf(0xfe), secret), key, sealed, entry)
		wantErr(t, "moved", transform, key+"/", sealed)
	})
}
