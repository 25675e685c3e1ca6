package compress_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/pongocache/pongocache/fragment/compress"
)

// A frame of zstd is a head and blocks. A block is 3 bytes, little-endian: 1 bit
// that tells the last one, 2 bits of kind and 21 bits of size, then what it
// holds: that many bytes, or one byte that is repeated so often.
const (
	raw      = 0
	repeated = 1
	last     = 1
)

const largestBlock = 128 * kib

func block(flag, kind, size int, content string) []byte {
	head := flag | kind<<1 | size<<3
	return append([]byte{byte(head), byte(head >> 8), byte(head >> 16)}, content...)
}

// forged returns what is stored for an entry that says it has size bytes and is
// made of blocks.
func forged(size uint64, blocks ...[]byte) []byte {
	head := zstd.Header{SingleSegment: true, HasFCS: true, FrameContentSize: size}
	sealed, err := head.AppendTo([]byte{compressed})
	if err != nil {
		panic(err)
	}
	return append(sealed, slices.Concat(blocks...)...)
}

// unsized returns the same of an entry that does not say how many bytes it has.
func unsized(blocks ...[]byte) []byte {
	sealed := append([]byte{compressed}, "\x28\xb5\x2f\xfd\x00\x58"...) // a window of 2 MiB
	return append(sealed, slices.Concat(blocks...)...)
}

// bomb returns the blocks of an entry of size bytes, all of them "b".
func bomb(size int) [][]byte {
	var blocks [][]byte
	for ; size > largestBlock; size -= largestBlock {
		blocks = append(blocks, block(0, repeated, largestBlock, "b"))
	}
	return append(blocks, block(last, repeated, size, "b"))
}

func TestForgedFramesAreAsTheFormatSays(t *testing.T) {
	transform := newTransform(t, compress.Options{})
	wantOpen(t, transform, forged(3, block(last, raw, 3, "abc")), []byte("abc"))
	wantOpen(t, transform, forged(0, block(last, raw, 0, "")), nil)
	wantOpen(t, transform, forged(64*mib, bomb(64*mib)...), bytes.Repeat([]byte("b"), 64*mib))
}

func TestWhatIsNotOursIsAnError(t *testing.T) {
	transform := newTransform(t, compress.Options{MaxSize: mib})
	long := string(page(largestBlock))
	for _, row := range []struct {
		name   string
		sealed []byte
		most   uint64 // bytes of memory
	}{
		{"nothing", nil, kib},
		{"an entry that was not compressed", append([]byte{0xca, 1, 0, 0}, page(kib)...), kib},
		{"text", []byte("<html>an entry of somebody else</html>"), kib},
		{"a mark alone", []byte{compressed}, kib},
		{"text as a frame", append([]byte{compressed}, page(kib)...), kib},
		{"gzip as a frame", append([]byte{compressed, 0x1f, 0x8b, 8}, noise(kib)...), kib},
		{"the head of a frame", forged(100), 64 * kib},
		{"a frame to skip", append([]byte{compressed}, "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"...), kib},
		{"a frame with a dictionary", append([]byte{compressed}, "\x28\xb5\x2f\xfd\x21\x07\x03\x19\x00\x00abc"...), 64 * kib},
		{"a frame without a size", unsized(block(last, raw, 3, "abc")), kib},
		{"a bomb without a size", unsized(bomb(64 * mib)...), kib},
		{"what is larger than MaxSize", forged(mib+1, bomb(mib+1)...), 4 * kib},
		{"what says it is larger than anything", forged(1<<63, bomb(mib)...), 4 * kib},
		{"what says it is larger than can be", forged(mib, block(last, repeated, 100, "b")), kib},
		{"what is smaller than it says", forged(300*kib, bomb(200*kib)...), mib},
		{"what is larger than it says, a little", forged(mib-1, bomb(mib)...), 5 * mib / 2},
		{"what is larger than it says, by much", forged(mib, bomb(64*mib)...), 5 * mib / 2},
		{"what is larger than it says, as it is", forged(largestBlock, block(0, raw, largestBlock, long), block(last, raw, largestBlock, long)), mib},
		{"another frame behind it", append(forged(3, block(last, raw, 3, "abc")), forged(3, block(last, raw, 3, "abc"))[1:]...), mib},
		{"a bomb behind it", append(forged(mib, bomb(mib)...), unsized(bomb(64 * mib)...)[1:]...), 5 * mib / 2},
		{"text behind it", append(forged(3, block(last, raw, 3, "abc")), "<html>"...), mib},
		{"a block of a kind that is none", forged(3, block(last, 3, 3, "abc")), mib},
		{"a compressed block of nothing", forged(100, block(last, 2, 2, "\x00\x00")), mib},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []byte
			var err error
			used := allocated(func() { got, err = transform.Open(key, row.sealed) })
			if err == nil || got != nil {
				t.Errorf("Open: %d bytes, error %v; want an error alone", len(got), err)
			} else if !strings.HasPrefix(err.Error(), "compress: open: ") || strings.Contains(err.Error(), key) {
				t.Errorf("Open: error %q, want one of this package that does not tell the key", err)
			}
			if used > row.most+64*kib { // for the test itself
				t.Errorf("Open of %d bytes took %d bytes of memory, want at most %d", len(row.sealed), used, row.most)
			}
		})
	}
}

func TestWhatIsDamagedIsAnError(t *testing.T) {
	transform := newTransform(t, compress.Options{MaxSize: 64 * kib})
	for _, entry := range [][]byte{page(3 * kib), bytes.Repeat(noise(kib), 3)} {
		sealed := seal(t, transform, entry)
		wantOpen(t, transform, sealed, entry)
		for n := range sealed {
			if got, err := transform.Open(key, sealed[:n]); err == nil {
				t.Errorf("Open of %d bytes of %d: %d bytes, no error", n, len(sealed), len(got))
			}
		}
		for n := 1; n <= 16; n++ {
			if got, err := transform.Open(key, append(bytes.Clone(sealed), make([]byte, n)...)); err == nil {
				t.Errorf("Open of %d bytes too many: %d bytes, no error", n, len(got))
			}
		}
		// Some bits mean nothing: the entry is as it was then.
		for at := 1; at < len(sealed); at++ {
			for bit := range 8 {
				changed := bytes.Clone(sealed)
				changed[at] ^= 1 << bit
				if got, err := transform.Open(key, changed); err == nil && !bytes.Equal(got, entry) {
					t.Errorf("Open with bit %d of byte %d flipped: another entry, no error", bit, at)
				}
			}
		}
	}
}

// A transform that was given bytes to choke on works as before.
func TestAnErrorLeavesNothingBehind(t *testing.T) {
	transform := newTransform(t, compress.Options{})
	entry := page(20 * kib)
	sealed := seal(t, transform, entry)
	for n := range sealed {
		_, _ = transform.Open(key, sealed[:n])
	}
	wantOpen(t, transform, sealed, entry)
	wantOpen(t, transform, seal(t, transform, entry), entry)
}

// The fuzzer changes what was stored for a page from a place on.
func FuzzHostileBytes(f *testing.F) {
	const maxSize = mib
	transform, err := compress.New(compress.Options{MaxSize: maxSize})
	if err != nil {
		f.Fatal(err)
	}
	whole := seal(f, transform, page(4*kib))
	f.Add(uint16(0), []byte{}, uint16(0))
	f.Add(uint16(0), []byte{asItIs}, uint16(0))
	f.Add(uint16(5), []byte{0xff, 0xff, 0xff, 0xff, 0xff}, uint16(0))
	f.Add(uint16(8), []byte{0xff, 0xff, 0xff, 0xff}, uint16(3))
	f.Add(uint16(0), forged(mib, bomb(mib)...), uint16(len(whole)))
	f.Add(uint16(0), forged(mib, bomb(2*mib)...), uint16(0))
	f.Add(uint16(len(whole)), unsized(bomb(2 * mib)...)[1:], uint16(0))
	f.Fuzz(func(t *testing.T, at uint16, patch []byte, cut uint16) {
		sealed := append(bytes.Clone(whole[:min(int(at), len(whole))]), patch...)
		if len(sealed) < len(whole) {
			sealed = append(sealed, whole[len(sealed):]...)
		}
		sealed = sealed[:len(sealed)-min(int(cut), len(sealed))]
		before := bytes.Clone(sealed)
		var got []byte
		used := allocated(func() { got, _ = transform.Open(key, sealed) })
		if len(got) > max(maxSize, len(sealed)) {
			t.Errorf("Open of %d bytes returned %d, want at most %d", len(sealed), len(got), maxSize)
		}
		if used > 5*maxSize/2+4*mib { // the fuzzer itself takes some
			t.Errorf("Open of %d bytes took %d bytes of memory", len(sealed), used)
		}
		if !bytes.Equal(sealed, before) {
			t.Errorf("Open changed the %d bytes that it was given", len(sealed))
		}
	})
}

func FuzzWhatIsSealedOpensAgain(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte("a"), uint16(5000))
	f.Add(page(2*kib), uint16(1))
	f.Add(noise(2*kib), uint16(3))
	var levels []*compress.Transform
	for level := compress.Fastest; level <= compress.Smallest; level++ {
		transform, err := compress.New(compress.Options{Threshold: 1, Level: level})
		if err != nil {
			f.Fatal(err)
		}
		levels = append(levels, transform)
	}
	f.Fuzz(func(t *testing.T, part []byte, times uint16) {
		entry := bytes.Repeat(part, min(int(times), 1+4*mib/(1+len(part))))
		for _, transform := range levels {
			sealed := seal(t, transform, entry)
			if len(sealed) > len(entry)+1 {
				t.Errorf("%d bytes are stored for %d", len(sealed), len(entry))
			}
			wantOpen(t, transform, sealed, entry)
		}
	})
}
