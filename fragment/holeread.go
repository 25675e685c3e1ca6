package fragment

import (
	"encoding/binary"
	"math"
	"time"
)

// A frameReader reads the table of a frame, which may be anybody's bytes. Once bad,
// it reads nothing any more.
type frameReader struct {
	p   []byte
	bad bool
}

// take returns the next n bytes, or nil.
func (r *frameReader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.p)) {
		r.bad, r.p = true, nil
		return nil
	}
	taken := r.p[:n]
	r.p = r.p[n:]
	return taken
}

func (r *frameReader) number() uint64 {
	n, size := binary.Uvarint(r.p)
	if size <= 0 {
		r.bad, r.p = true, nil
		return 0
	}
	r.p = r.p[size:]
	return n
}

func (r *frameReader) hole() (h Hole) {
	h.Name = string(r.take(r.number()))
	n := r.number()
	if n > maxHoleArgs || len(h.Name) > maxHoleName {
		r.bad = true
		return h
	}
	if n > 0 && !r.bad {
		h.Args = make([]any, 0, min(n, uint64(len(r.p))))
	}
	for range n {
		h.Args = append(h.Args, r.value(0))
	}
	return h
}

// value reads one argument.
func (r *frameReader) value(depth int) any {
	kind := r.take(1)
	if r.bad {
		return nil
	}
	le := binary.LittleEndian
	switch kind[0] {
	case '0':
		return nil
	case 't', 'f':
		return kind[0] == 't'
	case 'u':
		return r.number()
	case 's':
		return string(r.take(r.number()))
	case 'b':
		return append([]byte{}, r.take(r.number())...)
	case 'l':
		return r.list(depth)
	case 'i', 'd', 'T':
	default:
		r.bad = true
		return nil
	}
	eight := r.take(8)
	if r.bad {
		return nil
	}
	switch bits := le.Uint64(eight); kind[0] {
	case 'i':
		return int(int64(bits))
	case 'd':
		return math.Float64frombits(bits)
	default:
		return r.moment(int64(bits))
	}
}

func (r *frameReader) moment(seconds int64) any {
	four := r.take(4)
	if r.bad {
		return nil
	}
	return time.Unix(seconds, int64(binary.LittleEndian.Uint32(four))).UTC()
}

func (r *frameReader) list(depth int) any {
	n := r.number()
	if r.bad || depth > 1 || n > uint64(len(r.p)) || n > maxHoleList { // each value has a byte at least
		r.bad = true
		return nil
	}
	list := make([]any, 0, n)
	for range n {
		list = append(list, r.value(depth+1))
	}
	return list
}
