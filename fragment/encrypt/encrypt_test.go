package encrypt_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/encrypt"
)

func TestWhatIsSealedOpensAgain(t *testing.T) {
	transform := newTransform(t, keyOf(1))
	for _, size := range []int{0, 1, 15, 16, 17, 1000, 300_000} {
		entry := bytes.Repeat([]byte("e"), size)
		sealed := seal(t, transform, where, entry)
		if len(sealed) != size+overhead || cap(sealed) != len(sealed) {
			t.Errorf("%d bytes are stored for %d, in room for %d; want %d", len(sealed), size, cap(sealed), size+overhead)
		}
		wantOpen(t, transform, where, sealed, entry)
	}
}

func TestKeysOfTheBackendOfAnyShape(t *testing.T) {
	transform := newTransform(t, keyOf(1))
	for _, key := range []string{"", "k", strings.Repeat("k", 200), strings.Repeat("k", 1000), "\x00\xff"} {
		wantOpen(t, transform, key, seal(t, transform, key, []byte("entry")), []byte("entry"))
	}
}

func TestWhatIsStoredShowsNothing(t *testing.T) {
	transform := newTransform(t, keyOf(1))
	entry := bytes.Repeat([]byte("secret"), 10)
	one, another := seal(t, transform, where, entry), seal(t, transform, where, entry)
	for _, sealed := range [][]byte{one, another} {
		if bytes.Contains(sealed, []byte("secret")) || bytes.Contains(sealed, []byte(where)) || bytes.Contains(sealed, keyOf(1)[:4]) {
			t.Errorf("an entry, its key or the encryption key can be read in %x", sealed)
		}
	}
	if bytes.Equal(one[1+idSize:][:nonceSize], another[1+idSize:][:nonceSize]) {
		t.Error("two entries have the same nonce")
	}
	same := 0
	for i := 1 + idSize; i < len(one); i++ {
		if one[i] == another[i] {
			same++
		}
	}
	if same > 10 { // of 100, where about one in 256 is by chance
		t.Errorf("%d bytes of the same entry sealed twice are the same", same)
	}
}

func TestAnEntryThatWasMovedDoesNotOpen(t *testing.T) {
	transform := newTransform(t, keyOf(1), keyOf(2))
	sealed := seal(t, transform, where, []byte("entry"))
	for _, key := range []string{"", "shop:page/2", "shop:page/", "shop:page/11", "SHOP:page/1", where + "\x00"} {
		wantErr(t, "moved to "+key, transform, key, sealed)
	}
	// Nor may the head and the key trade bytes: what is covered is told apart.
	moved := append(bytes.Clone(sealed[:1]), sealed[2:]...)
	wantErr(t, "a byte of the head left out", transform, string(sealed[1:2])+where, moved)
}

func TestWhatWasChangedDoesNotOpen(t *testing.T) {
	transform := newTransform(t, keyOf(1), keyOf(2))
	sealed := seal(t, transform, where, []byte("an entry"))
	for at := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[at] ^= 1 << bit
			wantErr(t, fmt.Sprintf("bit %d of byte %d flipped", bit, at), transform, where, changed)
		}
	}
	for n := range sealed {
		wantErr(t, "truncated", transform, where, sealed[:n])
		wantErr(t, "without its beginning", transform, where, sealed[n+1:])
	}
	wantErr(t, "one byte more", transform, where, append(bytes.Clone(sealed), 0))
	wantErr(t, "twice", transform, where, append(bytes.Clone(sealed), sealed...))
}

// The key that an entry names is the one that it must have been sealed with.
func TestAnEntryCannotNameAnotherKey(t *testing.T) {
	transform := newTransform(t, keyOf(1), keyOf(2))
	one := seal(t, transform, where, []byte("entry"))
	other := seal(t, newTransform(t, keyOf(2)), where, []byte("entry"))
	if bytes.Equal(one[:1+idSize], other[:1+idSize]) {
		t.Fatal("two encryption keys have the same id")
	}
	copy(one, other[:1+idSize])
	wantErr(t, "with the id of another key", transform, where, one)
}

func TestWhatIsNotOursIsAnError(t *testing.T) {
	transform := newTransform(t, keyOf(1))
	sealed := seal(t, transform, where, []byte("entry"))
	newer := bytes.Clone(sealed)
	newer[0]++
	for _, row := range []struct {
		name   string
		sealed []byte
		want   string
	}{
		{"nothing", nil, "not sealed by this package"},
		{"one byte", sealed[:1], "not sealed by this package"},
		{"a head", sealed[:1+idSize+nonceSize], "not sealed by this package"},
		{"less than a tag", sealed[:overhead-1], "not sealed by this package"},
		{"text", bytes.Repeat([]byte("<html>"), 20), "not sealed by this package"},
		{"an entry that was not sealed", append([]byte{0xca, 1}, make([]byte, 100)...), "not sealed by this package"},
		{"another version", newer, "not sealed by this package"},
		{"another key", seal(t, newTransform(t, keyOf(2)), where, []byte("entry")), "a key that New was not given"},
		{"zeros behind a head", append(bytes.Clone(sealed[:1+idSize]), make([]byte, 100)...), "changed, made up, or moved"},
	} {
		text := wantErr(t, row.name, transform, where, row.sealed)
		if !strings.HasPrefix(text, "encrypt: open: ") || !strings.Contains(text, row.want) || strings.Contains(text, where) {
			t.Errorf("Open of %s: error %q, want one with %q", row.name, text, row.want)
		}
	}
}

func TestKeysAreReplacedWhileProgramsRun(t *testing.T) {
	oldest, old, latest := keyOf(1), keyOf(2), keyOf(3)
	before := seal(t, newTransform(t, old, oldest), where, []byte("before"))

	// A program that is a step ahead, and one that is a step behind.
	prepared, changed := newTransform(t, old, oldest, latest), newTransform(t, latest, old)
	after := seal(t, changed, where, []byte("after"))
	wantOpen(t, changed, where, before, []byte("before"))
	wantOpen(t, prepared, where, after, []byte("after"))
	wantOpen(t, changed, where, seal(t, prepared, where, []byte("between")), []byte("between"))

	done := newTransform(t, latest)
	wantOpen(t, done, where, after, []byte("after"))
	wantErr(t, "sealed with a key that was dropped", done, where, before)
}

// What is in a Backend outlives the program that stored it.
func TestWhatWasStoredLongAgoOpens(t *testing.T) {
	sealed, err := hex.DecodeString("e139b296fe438c1574d0eb31fb1accd5d62fb7bb4956b5c335" +
		"725d863bd58dbdd754c3ddb6805605f1514b1084a49e5c54f2ec1678433ea13a77dbf0e0bb337684add964b6")
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, newTransform(t, keyOf(1)), where, sealed, []byte("an entry of long ago"))
}

func TestWrongKeysAreToldByPlace(t *testing.T) {
	key, older, short := keyOf(0xab), keyOf(0xcd), bytes.Repeat([]byte{0xee}, 16)
	zeros := make([]byte, encrypt.KeySize)
	for _, row := range []struct {
		key   []byte
		older [][]byte
		want  string
	}{
		{nil, nil, "encrypt: key is 0 bytes: want 32"},
		{short, nil, "encrypt: key is 16 bytes: want 32"},
		{append(keyOf(1), 1), nil, "encrypt: key is 33 bytes: want 32"},
		{zeros, nil, "encrypt: key is all zeros: want random bytes"},
		{key, [][]byte{short}, "encrypt: older[0] is 16 bytes: want 32"},
		{key, [][]byte{older, nil}, "encrypt: older[1] is 0 bytes: want 32"},
		{key, [][]byte{older, zeros}, "encrypt: older[1] is all zeros: want random bytes"},
		{key, [][]byte{key}, "encrypt: older[0] is the same as key"},
		{key, [][]byte{older, keyOf(1), older}, "encrypt: older[2] is the same as older[0]"},
	} {
		if transform, err := encrypt.New(row.key, row.older...); err == nil || err.Error() != row.want || transform != nil {
			t.Errorf("New: error %v, want %q", err, row.want)
		}
	}
}

func TestKeysAreCopied(t *testing.T) {
	key, older := keyOf(1), [][]byte{keyOf(2)}
	transform := newTransform(t, key, older...)
	clear(key)
	clear(older[0])
	older[0] = nil
	sealed := seal(t, transform, where, []byte("entry"))
	wantOpen(t, newTransform(t, keyOf(1)), where, sealed, []byte("entry"))
	wantOpen(t, transform, where, seal(t, newTransform(t, keyOf(2)), where, []byte("entry")), []byte("entry"))
}

func TestATransformDoesNotPrintItsKeys(t *testing.T) {
	transform := newTransform(t, bytes.Repeat([]byte("K"), encrypt.KeySize), bytes.Repeat([]byte("L"), encrypt.KeySize))
	holder := struct{ hidden fragment.Transform }{transform} // fmt calls no method of it
	keys := regexp.MustCompile(`(?i)KKK|LLL|(4b,?\W*(0x)?){3}|(4c,?\W*(0x)?){3}|(75,?\W*){3}|(76,?\W*){3}`)
	for _, verb := range "vsqxXdboOUtefgGcpT" {
		for _, flags := range []string{"", "+", "#", " ", "# "} {
			for _, value := range []any{transform, *transform, holder, &holder, fragment.Options{Transforms: []fragment.Transform{transform}}} {
				text := fmt.Sprintf("%"+flags+string(verb), value)
				if found := keys.FindString(text); found != "" {
					t.Errorf("%%%s%c of a %T prints a key: %q in %q", flags, verb, value, found, text)
				}
			}
		}
	}
	if !keys.MatchString(fmt.Sprintf("%#x", keyOf('K'))) || !keys.MatchString(fmt.Sprint(keyOf('L'))) {
		t.Error("a printed key is not found")
	}
}

func TestManyAtATime(t *testing.T) {
	transform := newTransform(t, keyOf(1), keyOf(2))
	old := newTransform(t, keyOf(2))
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			key := fmt.Sprint("page/", n)
			entry := bytes.Repeat([]byte(key), 10+100*n)
			for range 20 {
				sealed := seal(t, transform, key, entry)
				wantOpen(t, transform, key, sealed, entry)
				wantOpen(t, transform, key, seal(t, old, key, entry), entry)
				wantErr(t, "moved", transform, "page/other", sealed)
			}
		})
	}
	wg.Wait()
}
