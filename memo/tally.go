package memo

import "encoding/binary"

// A tally adds up what the decoding of bytes would allocate, before they are
// decoded. A null, an empty struct or a short array takes one byte and becomes
// a whole element: bytes of somebody else's making could cost ten thousand times
// their number.
type tally struct {
	raw  []byte // well-formed
	at   int
	left int64 // what may be allocated
}

// allowance is what the decoding of n bytes may allocate.
func allowance(n int) int64 { return 64<<20 + 64*int64(n) }

var (
	errLarge   = &unfaithful{"decoding it would take more than 64 MiB and 64 times its bytes: load less at a time, or keep large zeros out of the type"}
	errForeign = &unfaithful{"its bytes hold a field that the type has not"}
)

// isSmall reports bytes that are too few to make the decoder allocate much.
func (s *surveyed) isSmall(raw []byte) bool {
	return int64(len(raw))*s.mostPerByte <= allowance(len(raw))
}

func (t *tally) charge(n int64) error {
	if t.left -= n; t.left < 0 {
		return errLarge
	}
	return nil
}

// The major types of CBOR that are of interest here.
const (
	majorUint   = 0
	majorNegInt = 1
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
	majorTag    = 6
)

// head reads the head of the next item.
func (t *tally) head() (major byte, n uint64) {
	first := t.raw[t.at]
	t.at++
	rest := t.raw[t.at:]
	switch info := first & 0x1f; info {
	case 24:
		n, t.at = uint64(rest[0]), t.at+1
	case 25:
		n, t.at = uint64(binary.BigEndian.Uint16(rest)), t.at+2
	case 26:
		n, t.at = uint64(binary.BigEndian.Uint32(rest)), t.at+4
	case 27:
		n, t.at = binary.BigEndian.Uint64(rest), t.at+8
	default:
		n = uint64(info)
	}
	return first >> 5, n
}

// null reports a null or undefined, which makes no pointer point anywhere.
func (t *tally) null() bool { return t.raw[t.at] == 0xf6 || t.raw[t.at] == 0xf7 }

// item charges for the next item, which is decoded into the shape s.
func (t *tally) item(s *shape) error {
	for ; s.pointsTo() && !t.null(); s = s.elem {
		if err := t.charge(s.elem.size); err != nil {
			return err
		}
	}
	start := t.at
	major, n := t.head()
	for major == majorTag {
		major, n = t.head()
	}
	switch {
	case s.isList() && major == majorArray:
		return t.list(s, int64(n))
	case s.isMap() && major == majorMap:
		return t.mapping(s.key, s.elem, int64(n))
	case s.isStruct() && major == majorMap:
		return t.fields(s, int64(n))
	case s.isStruct() && major == majorArray && int(n) == len(s.members):
		return t.members(s)
	}
	t.at = start
	return t.generic()
}

func (t *tally) list(s *shape, n int64) error {
	if s.isSlice() {
		if err := t.charge(n * s.elem.size); err != nil {
			return err
		}
	}
	for range n {
		if err := t.item(s.elem); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) mapping(key, elem *shape, n int64) error {
	if err := t.charge(costOfMap(key.size, elem.size, n)); err != nil {
		return err
	}
	for range n {
		if err := t.item(key); err != nil {
			return err
		}
		if err := t.item(elem); err != nil {
			return err
		}
	}
	return nil
}

// fields charges for a struct of n fields. One that is not found by its exact
// name was not written by us, and the codec is less strict with names.
func (t *tally) fields(s *shape, n int64) error {
	for range n {
		p, ok := t.field(s)
		if !ok {
			return errForeign
		}
		if err := t.member(p); err != nil {
			return err
		}
	}
	return nil
}

// field reads the name of a field.
func (t *tally) field(s *shape) (p member, ok bool) {
	switch major, n := t.head(); major {
	case majorUint:
		p, ok = s.numbered[int64(n)]
	case majorNegInt:
		p, ok = s.numbered[-1-int64(n)]
	case majorText:
		p, ok = s.named[string(t.raw[t.at:t.at+int(n)])]
		t.at += int(n)
	}
	return p, ok
}

// members charges for a struct that is written as an array.
func (t *tally) members(s *shape) error {
	for _, p := range s.members {
		if err := t.member(p); err != nil {
			return err
		}
	}
	return nil
}

func (t *tally) member(p member) error {
	if err := t.charge(p.around); err != nil {
		return err
	}
	return t.item(p.shape)
}

// generic charges for the next item where it is decoded by what it is, and not
// by a type.
func (t *tally) generic() error {
	major, n := t.head()
	switch major {
	case majorBytes, majorText:
		t.at += int(n)
		return nil
	case majorArray:
		return t.list(&anyList, int64(n))
	case majorMap:
		return t.mapping(&anything, &anything, int64(n))
	case majorTag:
		return t.generic()
	}
	return nil
}
