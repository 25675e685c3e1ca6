package compress

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"

	"github.com/pongocache/pongocache/fragment"
)

// What is stored begins with one of these.
const (
	asItIs     = 0xc0 // the entry follows
	compressed = 0xc1 // one frame of zstd follows, which tells its size
)

const (
	// gain is the part of an entry that compression must save: reading what
	// saves less costs more than it is worth.
	gain = 8

	// window is how far back the encoder looks. It, and not the size of the
	// entries, is what an encoder keeps in memory.
	window = 1 << 20

	// expansion is how many bytes of an entry one byte of a frame can stand
	// for: a block of 4 bytes repeats one byte 128 Ki times.
	expansion = 128 << 10 / 4

	// slack is room behind what is decoded that lets the decoder copy in larger
	// steps.
	slack = 32
)

var (
	errForeign = errors.New("compress: open: what is stored was not written by this package")
	errDamaged = errors.New("compress: open: what is stored is damaged")
)

// A Transform compresses entries. It is made by New, and is safe for concurrent
// use. It has nothing to be closed.
type Transform struct {
	threshold int
	maxSize   int
	encoder   *zstd.Encoder
	// decoders are those that are not in use. Who has one may allocate what an
	// entry claims to need, so that their number bounds the memory of all.
	decoders chan *zstd.Decoder
}

var _ fragment.Transform = (*Transform)(nil)

// New returns a Transform. An error names the option that is wrong.
func New(o Options) (*Transform, error) {
	o = o.withDefaults()
	if option, why := o.problem(); why != "" {
		return nil, fmt.Errorf("compress: Options.%s %s", option, why)
	}
	encoder, err := newEncoder(o.Level)
	if err != nil {
		return nil, fmt.Errorf("compress: new: %w", err)
	}
	decoders, err := newDecoders(o.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("compress: new: %w", err)
	}
	return &Transform{threshold: o.Threshold, maxSize: o.MaxSize, encoder: encoder, decoders: decoders}, nil
}

// newEncoder returns an encoder for as many entries at a time as there are
// processors. It starts no goroutine as long as it is given no Writer.
func newEncoder(level Level) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil,
		zstd.WithEncoderLevel(speeds[level]),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)),
		zstd.WithWindowSize(window),
		zstd.WithLowerEncoderMem(true),
		zstd.WithSingleSegment(true)) // so that each frame tells its size
}

// newDecoders returns a decoder for each processor, which decodes to no more
// than the room that it is given. They start no goroutine as long as they are
// given no Reader.
func newDecoders(maxSize int) (chan *zstd.Decoder, error) {
	decoders := make(chan *zstd.Decoder, runtime.GOMAXPROCS(0))
	for range cap(decoders) {
		decoder, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(uint64(max(maxSize, zstd.MinWindowSize))),
			zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, err
		}
		decoders <- decoder
	}
	return decoders, nil
}

// Seal implements fragment.Transform. It never fails.
func (t *Transform) Seal(_ string, entry []byte) ([]byte, error) {
	if len(entry) < t.threshold || len(entry) > t.maxSize {
		return keep(entry), nil
	}
	room := make([]byte, 0, 1+t.encoder.MaxEncodedSize(len(entry)))
	sealed := t.encoder.EncodeAll(entry, append(room, compressed))
	if len(sealed) > len(entry)-len(entry)/gain {
		return keep(entry), nil
	}
	// A Backend may keep what it is given, so there must be no room behind it.
	return bytes.Clone(sealed), nil
}

func keep(entry []byte) []byte {
	return append(append(make([]byte, 0, 1+len(entry)), asItIs), entry...)
}

// Open implements fragment.Transform.
func (t *Transform) Open(_ string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, errForeign
	}
	switch mark, rest := sealed[0], sealed[1:]; mark {
	case asItIs:
		return rest[:len(rest):len(rest)], nil
	case compressed:
		return t.decode(rest)
	}
	return nil, errForeign
}

func (t *Transform) decode(frame []byte) ([]byte, error) {
	size, err := t.claimed(frame)
	if err != nil {
		return nil, err
	}
	decoder := <-t.decoders
	defer func() { t.decoders <- decoder }()
	entry, err := decoder.DecodeAll(frame, make([]byte, 0, size+slack))
	if err != nil || len(entry) != size {
		return nil, errDamaged // zstd's own error may hold what it found
	}
	return entry[:size:size], nil
}

// claimed returns the size of the entry as frame tells it, if that may be true.
func (t *Transform) claimed(frame []byte) (int, error) {
	var head zstd.Header
	if err := head.Decode(frame); err != nil || !head.HasFCS {
		return 0, errDamaged
	}
	if head.FrameContentSize > uint64(t.maxSize) {
		return 0, fmt.Errorf("compress: open: it says that it holds more than Options.MaxSize, which is %d bytes", t.maxSize)
	}
	if head.FrameContentSize > uint64(len(frame))*expansion {
		return 0, errDamaged
	}
	return int(head.FrameContentSize), nil
}
