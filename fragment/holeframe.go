package fragment

import (
	"encoding/binary"
	"errors"
	"io"
)

// A frame is how a body with holes is stored:
//
//	length of the table 4, little-endian
//	table, for each hole: gap since the last one, in bytes of the body; length of
//	    name; name; number of args; args: see holeValue
//	body, without its holes
//
// Numbers in the table are uvarints.
type piece struct {
	body []byte // before the hole
	hole Hole
}

const (
	frameHead   = 4
	maxHoleArgs = 64
)

// Framed is what was stored of a body with its holes.
type Framed struct {
	pieces []piece
	last   []byte
}

// OpenFrame reads what Holes.Frame made; ok is false for anything else, and if
// known, which is asked for each hole, is. The Framed shares the bytes of frame. What
// it allocates is in proportion to these, whatever they say.
func OpenFrame(frame []byte, known func(Hole) bool) (f Framed, ok bool) {
	if len(frame) < frameHead {
		return f, false
	}
	size := uint64(binary.LittleEndian.Uint32(frame))
	if size > uint64(len(frame)-frameHead) {
		return f, false
	}
	table, body := frameReader{p: frame[frameHead : frameHead+size]}, frame[frameHead+size:]
	f.pieces = make([]piece, 0, min(4, size/3)) // the least that a hole takes is 3 bytes
	for len(table.p) > 0 && !table.bad {
		gap := table.number()
		p := piece{hole: table.hole()}
		if table.bad || gap > uint64(len(body)) || len(f.pieces) == maxHoles || !known(p.hole) {
			return Framed{}, false
		}
		p.body, body = body[:gap], body[gap:]
		f.pieces = append(f.pieces, p)
	}
	f.last = body
	return f, !table.bad && len(f.pieces) > 0
}

// Write writes the body to w, and calls hole where each of them stands. It ends at
// the first error.
func (f Framed) Write(w io.Writer, hole func(Hole) error) error {
	for i := range f.pieces {
		if err := writeSome(w, f.pieces[i].body); err != nil {
			return err
		}
		if err := hole(f.pieces[i].hole); err != nil {
			return err
		}
	}
	return writeSome(w, f.last)
}

func writeSome(w io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := w.Write(p)
	return err
}

// appendTo appends the frame of what was cut.
func (f *framer) appendTo(dst []byte) ([]byte, error) {
	at, size := len(dst), 0
	dst = append(dst, 0, 0, 0, 0)
	for i, h := range f.holes {
		dst = binary.AppendUvarint(dst, uint64(len(f.bodies[i])))
		dst = appendText(dst, h.Name)
		if len(h.Args) > maxHoleArgs {
			return nil, errManyArgs
		}
		dst = binary.AppendUvarint(dst, uint64(len(h.Args)))
		for _, arg := range h.Args {
			dst = appendHoleArg(dst, arg)
		}
	}
	if size = len(dst) - at - frameHead; size > maxValue {
		return nil, ErrTooLarge
	}
	if f.handed(dst[at:]) {
		return nil, ErrHoleLost
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(size))
	for _, body := range f.bodies {
		dst = append(dst, body...)
	}
	return dst, nil
}

var errManyArgs = errors.New("a hole has more arguments than an entry keeps")
