package compress

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Options are what a Transform is made of. The zero value is useful.
type Options struct {
	// Threshold is the smallest entry in bytes that is compressed. An entry is
	// a value with its tags and some 60 bytes about it. Zero is
	// DefaultThreshold; 1 compresses all.
	Threshold int

	// MaxSize is the largest entry in bytes that is compressed, and what Open
	// decodes an entry to at most, whatever that says of itself: up to 512 MiB.
	// It keeps nothing from being stored. Zero is DefaultMaxSize.
	MaxSize int

	// Level is how much time is spent to make entries smaller. It hardly
	// matters to reading. The zero Level is Fastest.
	Level Level
}

// What the zero Options mean.
const (
	DefaultThreshold = 1 << 10
	DefaultMaxSize   = 64 << 20
)

// A Level weighs time against size. All of them can be read by one another.
type Level int

const (
	Fastest  Level = iota // the least time
	Balanced              // a tenth smaller, for up to half as much time again
	Smallest              // a little smaller than that, for up to twice the time of Fastest
)

// speeds are the Levels in zstd's words. The one that is left out takes five
// times as long, and 32 MiB a processor, for another twentieth.
var speeds = [...]zstd.EncoderLevel{
	Fastest:  zstd.SpeedFastest,
	Balanced: zstd.SpeedDefault,
	Smallest: zstd.SpeedBetterCompression,
}

// maxMaxSize is the largest window that zstd's decoder takes by default.
const maxMaxSize = zstd.MaxWindowSize

func (o Options) withDefaults() Options {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.Threshold == 0 {
		o.Threshold = min(DefaultThreshold, o.MaxSize)
	}
	return o
}

// problem tells which option is wrong and why; the reason continues a sentence
// that begins with the name of the option. The defaults are filled in.
func (o Options) problem() (option, why string) {
	switch {
	case o.MaxSize < 0 || o.MaxSize > maxMaxSize:
		return "MaxSize", fmt.Sprintf("is %d bytes: want at most %dMiB", o.MaxSize, maxMaxSize>>20)
	case o.Threshold < 0:
		return "Threshold", fmt.Sprintf("is %d bytes: want 1 or more, or 0 for the default", o.Threshold)
	case o.Threshold > o.MaxSize:
		return "Threshold", fmt.Sprintf("is %d bytes: want at most MaxSize, which is %d", o.Threshold, o.MaxSize)
	case o.Level < 0 || int(o.Level) >= len(speeds):
		return "Level", fmt.Sprintf("is %d: want Fastest, Balanced or Smallest", o.Level)
	}
	return "", ""
}
