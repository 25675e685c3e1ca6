package compress_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment/compress"
)

const kib, mib = 1 << 10, 1 << 20

func TestWhatIsSealedOpensAgain(t *testing.T) {
	small := compress.Options{Threshold: 1}
	for _, row := range []struct {
		name    string
		options compress.Options
		entry   []byte
		mark    byte
	}{
		{"nothing", compress.Options{}, nil, asItIs},
		{"nothing, compressing all", small, nil, asItIs},
		{"one byte", small, []byte("a"), asItIs},
		{"a short text that repeats itself", small, bytes.Repeat([]byte("ab"), 50), compressed},
		{"below the threshold", compress.Options{}, page(kib - 1), asItIs},
		{"at the threshold", compress.Options{}, page(kib), compressed},
		{"below a threshold of one's own", compress.Options{Threshold: 5000}, page(4999), asItIs},
		{"at a threshold of one's own", compress.Options{Threshold: 5000}, page(5000), compressed},
		{"a page", compress.Options{}, page(20 * kib), compressed},
		{"a page, Balanced", compress.Options{Level: compress.Balanced}, page(20 * kib), compressed},
		{"a page, Smallest", compress.Options{Level: compress.Smallest}, page(20 * kib), compressed},
		{"more than one block", compress.Options{}, page(300 * kib), compressed},
		{"more than the window", compress.Options{}, page(3 * mib), compressed},
		{"one byte over and over", compress.Options{}, make([]byte, 5*mib), compressed},
		{"noise", compress.Options{}, noise(20 * kib), asItIs},
		{"a tenth of text in noise", compress.Options{}, append(page(2*kib), noise(18*kib)...), asItIs},
		{"a half of text in noise", compress.Options{}, append(page(10*kib), noise(10*kib)...), compressed},
		{"at MaxSize", compress.Options{MaxSize: 20 * kib}, page(20 * kib), compressed},
		{"above MaxSize", compress.Options{MaxSize: 20 * kib}, page(20*kib + 1), asItIs},
		{"above a MaxSize below the default threshold", compress.Options{MaxSize: 600}, page(601), asItIs},
		{"at a MaxSize below the default threshold", compress.Options{MaxSize: 600}, page(600), compressed},
		{"at a MaxSize of next to nothing", compress.Options{MaxSize: 100}, make([]byte, 100), compressed},
	} {
		t.Run(row.name, func(t *testing.T) {
			transform := newTransform(t, row.options)
			sealed := seal(t, transform, row.entry)
			if sealed[0] != row.mark {
				t.Errorf("what is stored begins with %#x, want %#x", sealed[0], row.mark)
			}
			most := len(row.entry) + 1
			if row.mark == compressed {
				most = len(row.entry) * 7 / 8
			}
			if len(sealed) > most {
				t.Errorf("%d bytes are stored for %d, want at most %d", len(sealed), len(row.entry), most)
			}
			if room := cap(sealed) - len(sealed); room > 32+len(sealed)/7 { // as Go rounds up
				t.Errorf("%d bytes are stored with room for %d more behind them", len(sealed), room)
			}
			wantOpen(t, transform, sealed, row.entry)
		})
	}
}

func TestAnEntryThatIsCompressedTakesAFraction(t *testing.T) {
	entry := page(20 * kib)
	var sizes []int
	for level := compress.Fastest; level <= compress.Smallest; level++ {
		sizes = append(sizes, len(seal(t, newTransform(t, compress.Options{Level: level}), entry)))
	}
	if most := len(entry) * 3 / 10; sizes[0] > most {
		t.Errorf("a page of %d bytes is stored as %d at Fastest, want at most %d", len(entry), sizes[0], most)
	}
	if !slices.IsSortedFunc(sizes, func(a, b int) int { return b - a }) {
		t.Errorf("a page is stored as %d bytes at Fastest, Balanced and Smallest, want ever less", sizes)
	}
}

func TestWhatOneSealedAnotherOpens(t *testing.T) {
	entry := page(20 * kib)
	all := []*compress.Transform{
		newTransform(t, compress.Options{}),
		newTransform(t, compress.Options{Level: compress.Balanced}),
		newTransform(t, compress.Options{Level: compress.Smallest, MaxSize: mib}),
		newTransform(t, compress.Options{Threshold: mib}),
	}
	for _, one := range all {
		sealed := seal(t, one, entry)
		for _, another := range all {
			wantOpen(t, another, sealed, entry)
		}
	}
}

// What is in a Backend outlives the program that stored it.
func TestWhatWasStoredLongAgoOpens(t *testing.T) {
	entry := strings.Repeat("<li>one line of many</li>\n", 8)
	for name, text := range map[string]string{
		"as it is":   "c0" + hex.EncodeToString([]byte(entry)),
		"compressed": "c128b52ffd24d01d0100a4013c6c693e6f6e65206c696e65206f66206d616e793c2f6c693e0a015414042bce3a9a6b5efc",
	} {
		sealed, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			wantOpen(t, newTransform(t, compress.Options{}), sealed, []byte(entry))
		})
	}
}

func TestWrongOptionsAreToldByName(t *testing.T) {
	for _, row := range []struct {
		options compress.Options
		want    string
	}{
		{compress.Options{Threshold: -1}, "Options.Threshold is -1 bytes: want 1 or more"},
		{compress.Options{MaxSize: -1}, "Options.MaxSize is -1 bytes: want at most 512MiB"},
		{compress.Options{MaxSize: 512*mib + 1}, "Options.MaxSize is 536870913 bytes: want at most 512MiB"},
		{compress.Options{Threshold: 65 * mib}, "Options.Threshold is 68157440 bytes: want at most MaxSize, which is 67108864"},
		{compress.Options{Threshold: 11, MaxSize: 10}, "Options.Threshold is 11 bytes: want at most MaxSize, which is 10"},
		{compress.Options{Level: -1}, "Options.Level is -1: want Fastest, Balanced or Smallest"},
		{compress.Options{Level: 3}, "Options.Level is 3: want Fastest, Balanced or Smallest"},
	} {
		if _, err := compress.New(row.options); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("New(%+v): error %v, want one with %q", row.options, err, row.want)
		}
	}
	for _, o := range []compress.Options{{MaxSize: 1}, {MaxSize: 512 * mib}, {Threshold: 10, MaxSize: 10}} {
		if _, err := compress.New(o); err != nil {
			t.Errorf("New(%+v): %v", o, err)
		}
	}
}

func TestManyAtATime(t *testing.T) {
	transform := newTransform(t, compress.Options{Threshold: 100})
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			entry := page(90 + n*n*500) // others are of other sizes
			for range 10 {
				wantOpen(t, transform, seal(t, transform, entry), entry)
				if _, err := transform.Open(key, []byte{compressed, byte(n)}); err == nil {
					t.Error("Open of two bytes: no error")
				}
			}
		})
	}
	wg.Wait()
}

// A bubble ends in a panic where a goroutine is left behind.
func TestNoGoroutineIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transform := newTransform(t, compress.Options{})
		wantOpen(t, transform, seal(t, transform, page(3*mib)), page(3*mib))
	})
}
