package fragment

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A mark is
//
//	h <&"'\n NONCE : number ;
//
// where NONCE are 26 random letters and digits, of this fill alone. Whoever escapes,
// strips, trims, encodes or changes the case of what is around a hole changes its
// mark, too: what the hole writes would not be treated like that on a hit, and may
// be unsafe then.
const (
	markBegin = "h <&\"'\n"
	markEnd   = ";"
	maxDigits = 5 // of a number below maxHoles
)

// Next cuts p at its first mark. Found is false if there is none, or if the first
// one is not a whole one: then before is all of p.
func (s *Holes) Next(p []byte) (before []byte, h Hole, after []byte, found bool) {
	number, before, after, err := s.next(p)
	if err != nil || number < 0 {
		return p, Hole{}, nil, false
	}
	return before, s.hole(number), after, true
}

func (s *Holes) hole(number int) Hole {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holes[number]
}

// next is Next with the number of the hole, or -1 if there is no mark.
func (s *Holes) next(p []byte) (number int, before, after []byte, err error) {
	mark, count := s.mark()
	if count == 0 {
		return -1, p, nil, nil
	}
	before, after, found := bytes.Cut(p, []byte(mark))
	if !found {
		return -1, p, nil, nil
	}
	end := bytes.Index(after[:min(len(after), maxDigits+len(markEnd))], []byte(markEnd))
	if end < 0 {
		return 0, nil, nil, ErrHoleLost
	}
	number, err = strconv.Atoi(string(after[:end]))
	if err != nil || number < 0 || number >= count || strconv.Itoa(number) != string(after[:end]) {
		return 0, nil, nil, ErrHoleLost
	}
	return number, before, after[end+len(markEnd):], nil
}

func (s *Holes) mark() (mark string, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return markBegin + s.nonce, len(s.holes)
}

// Partial returns how many bytes at the end of p may be the begin of a mark.
func (s *Holes) Partial(p []byte) int {
	mark, count := s.mark()
	if count == 0 {
		return 0
	}
	last := p[max(0, len(p)-len(mark)-maxDigits):]
	for i := range last {
		rest := last[i:]
		if len(rest) <= len(mark) && strings.HasPrefix(mark, string(rest)) {
			return len(rest)
		}
		if digits, whole := bytes.CutPrefix(rest, []byte(mark)); whole && len(digits) <= maxDigits && isDigits(digits) {
			return len(rest)
		}
	}
	return 0
}

func isDigits(p []byte) bool {
	for _, c := range p {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// A framer cuts a body at its marks.
type framer struct {
	set    *Holes
	seen   []bool
	bodies [][]byte // what stands before each hole, and behind the last one
	holes  []Hole
}

func (f *framer) cut(body []byte) error {
	for {
		number, before, after, err := f.set.next(body)
		if err != nil {
			return err
		}
		if f.leavings(before) {
			return ErrHoleLost
		}
		f.bodies = append(f.bodies, before)
		if number < 0 {
			return f.complete()
		}
		if len(f.holes) == maxHoles {
			return errManyHoles
		}
		f.seen[number] = true
		f.holes = append(f.holes, f.set.hole(number))
		body = after
	}
}

var errManyHoles = fmt.Errorf("it has more than %d holes", maxHoles)

// complete reports a hole that is nowhere: perhaps something was made of the mark
// that does not look like it, such as its length.
func (f *framer) complete() error {
	for _, seen := range f.seen {
		if !seen {
			return ErrHoleLost
		}
	}
	return nil
}

// leavings reports whether a part of the nonce is in p: of a mark that stands
// elsewhere as a whole, and was changed here.
func (f *framer) leavings(p []byte) bool { return f.set.leftIn(p) }

// leftIn reports whether a part of the nonce of s is in p, in any case.
func (s *Holes) leftIn(p []byte) bool {
	s.mu.Lock()
	nonce := s.nonce
	s.mu.Unlock()
	if nonce == "" {
		return false
	}
	const few = 8
	upper := bytes.ToUpper(p)
	return bytes.Contains(upper, []byte(nonce[:few])) || bytes.Contains(upper, []byte(nonce[len(nonce)-few:]))
}

// Borrows reports whether body must not be stored by itself, though it is right as a
// part of a fill around that of s: a variable has brought a mark of that one along, or
// may have brought what a hole shows, since that one runs again without marks. The
// receiver may be nil.
func (s *Holes) Borrows(body []byte) bool {
	if s == nil {
		return false
	}
	for set := s.around; set != nil; set = set.around {
		if set.isSpoilt() || set.leftIn(body) {
			return true
		}
	}
	return false
}

// handed reports whether a mark is in the table of a frame: as an argument, by which
// a function would get it in place of what the hole shows. It has the fill run again
// whose mark it is.
func (f *framer) handed(table []byte) (found bool) {
	for set := f.set; set != nil; set = set.around {
		if set.leftIn(table) {
			set.spoil()
			found = true
		}
	}
	return found
}
