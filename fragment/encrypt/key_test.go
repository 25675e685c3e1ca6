package encrypt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment/encrypt"
)

// spread has all kinds of digits in its text, the two that alphabets differ in
// among them.
var spread = []byte("\xfb\xff\xbf\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61\x96\x9b\x71\xd7\x9f\x82\x18\xa3\x92\x59")

var spellings = map[string]string{
	"base64":               base64.StdEncoding.EncodeToString(spread),
	"base64 without pad":   base64.RawStdEncoding.EncodeToString(spread),
	"base64 of URLs":       base64.URLEncoding.EncodeToString(spread),
	"the same without pad": base64.RawURLEncoding.EncodeToString(spread),
	"hex":                  hex.EncodeToString(spread),
	"hex in capitals":      strings.ToUpper(hex.EncodeToString(spread)),
}

func TestKeyOfAnySpelling(t *testing.T) {
	if !strings.Contains(spellings["base64"], "+/") || !strings.Contains(spellings["base64 of URLs"], "-_") {
		t.Fatal("the key does not tell the alphabets apart")
	}
	for name, text := range spellings {
		for _, around := range []string{"", "\n", " ", "\r\n"} {
			key, err := encrypt.ParseKey(around + text + around)
			if err != nil || !bytes.Equal(key, spread) {
				t.Errorf("%s, with %q around it: error %v, want the key", name, around, err)
			}
		}
	}
}

func TestTextThatIsNoKey(t *testing.T) {
	std, hexa := spellings["base64"], spellings["hex"]
	for name, text := range map[string]string{
		"nothing":                   "",
		"space":                     " \n",
		"a password":                "correct horse battery staple",
		"a password of 32 bytes":    "correct horse battery staple, ok!",
		"raw bytes":                 string(spread),
		"base64 of 31 bytes":        base64.StdEncoding.EncodeToString(spread[1:]),
		"base64 of 33 bytes":        base64.StdEncoding.EncodeToString(append(spread[:32:32], 1)),
		"base64 of 16 bytes":        base64.StdEncoding.EncodeToString(spread[:16]),
		"base64 of 48 bytes":        base64.StdEncoding.EncodeToString(append(spread[:32:32], spread[:16]...)),
		"hex of 31 bytes":           hexa[2:],
		"hex of 16 bytes":           hexa[:32],
		"hex with a digit too few":  hexa[1:],
		"hex with a wrong digit":    "g" + hexa[1:],
		"hex with a prefix":         "0x" + hexa,
		"base64 with a wrong digit": "!" + std[1:],
		"base64 padded twice":       std + "=",
		"base64 of two spellings":   std[:42] + "t=", // bits that no byte has
		"a quoted key":              `"` + std + `"`,
		"two keys":                  std + "," + std,
	} {
		key, err := encrypt.ParseKey(text)
		if err == nil || key != nil {
			t.Errorf("%s: %d bytes, error %v; want an error alone", name, len(key), err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "encrypt: parse key: ") || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%s: error %q, want one that tells how to make a key", name, err)
		}
		wantNothingOf(t, name, text, err)
	}
}

// wantNothingOf tests that err shows no four characters of text, beside the words
// that it says of any text.
func wantNothingOf(t *testing.T, name, text string, err error) {
	t.Helper()
	_, other := encrypt.ParseKey("?")
	for at := 0; at+4 <= len(text); at++ {
		part := text[at : at+4]
		if strings.Contains(err.Error(), part) && !strings.Contains(other.Error(), part) {
			t.Errorf("%s: error %q shows %q of the text", name, err, part)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, text := range spellings {
		f.Add(text)
	}
	f.Add("")
	f.Add(strings.Repeat("=", 44))
	f.Add(strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, text string) {
		key, err := encrypt.ParseKey(text)
		if err != nil {
			if key != nil {
				t.Errorf("%d bytes beside an error", len(key))
			}
			return
		}
		if len(key) != encrypt.KeySize {
			t.Errorf("a key of %d bytes", len(key))
		}
		for _, again := range []string{base64.StdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key), hex.EncodeToString(key)} {
			if other, err := encrypt.ParseKey(again); err != nil || !bytes.Equal(other, key) {
				t.Errorf("the key in another spelling: error %v, want the same key", err)
			}
		}
	})
}
