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
	}
	return r.fixed(kind[0])
}

// fixed reads an argument of a kind that has one length.
func (r *frameReader) fixed(kind byte) any {
	bits := r.take(8)
	if r.bad {
		return nil
	}
	le := binary.LittleEndian
	switch n := le.Uint64(bits); kind {
	case 'i':
		return int(int64(n))
	case 'd':
		return math.Float64frombits(n)
	case 'T':
		if nanoseconds := r.take(4); !r.bad {
			return time.Unix(int64(n), int64(le.Uint32(nanoseconds))).UTC()
		}
	}
	r.bad = true
	return nil
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
