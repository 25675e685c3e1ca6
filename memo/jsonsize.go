package memo

import (
	"bytes"
	"encoding/json"
	"errors"
)

// growth is what a list that is appended to one by one allocates for each
// element, all its past lengths included.
const growth = 5

// weighJSON is what tally is for CBOR: it reports JSON whose decoding into the
// shape s would allocate too much.
func weighJSON(raw []byte, s *shape) error {
	if !json.Valid(raw) {
		return errors.New("not JSON")
	}
	w := jsonScale{raw: raw, left: allowance(len(raw))}
	return w.item(s)
}

// A jsonScale adds up what the decoding of valid JSON would allocate.
type jsonScale struct {
	raw  []byte
	at   int
	left int64
}

func (w *jsonScale) charge(n int64) error {
	if w.left -= n; w.left < 0 {
		return errLarge
	}
	return nil
}

// next skips what stands between values and returns the byte that follows.
func (w *jsonScale) next() byte {
	for {
		switch c := w.raw[w.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.at++
		default:
			return c
		}
	}
}

// item charges for the next value, which is decoded into the shape s.
func (w *jsonScale) item(s *shape) error {
	first := w.next()
	for ; s.pointsTo() && first != 'n'; s = s.elem {
		if err := w.charge(s.elem.size); err != nil {
			return err
		}
	}
	switch first {
	case '[':
		return w.list(s)
	case '{':
		return w.object(s)
	case '"':
		w.text()
	default:
		w.word()
	}
	return nil
}

func (w *jsonScale) list(s *shape) error {
	if !s.isList() {
		s = &anyList
	}
	each := int64(0)
	if s.isSlice() {
		each = growth * s.elem.size
	}
	for w.at++; w.next() != ']'; {
		if err := w.charge(each); err != nil {
			return err
		}
		if err := w.item(s.elem); err != nil {
			return err
		}
	}
	w.at++
	return nil
}

func (w *jsonScale) object(s *shape) error {
	if s.isStruct() {
		return w.fields(s)
	}
	key, elem := &anything, &anything
	if s.isMap() {
		key, elem = s.key, s.elem
	}
	first := costOfMap(key.size, elem.size, 1)
	each := growth * (costOfMap(key.size, elem.size, 2) - first)
	if err := w.charge(first); err != nil {
		return err
	}
	for w.at++; w.next() != '}'; {
		w.text()
		if err := w.charge(each); err != nil {
			return err
		}
		if err := w.item(elem); err != nil {
			return err
		}
	}
	w.at++
	return nil
}

// fields charges for a struct. A field that is not found by its exact name was
// not written by us, and the decoder is less strict with names.
func (w *jsonScale) fields(s *shape) error {
	for w.at++; w.next() != '}'; {
		p, ok := s.named[w.name()]
		if !ok {
			return errForeign
		}
		if err := w.charge(p.around); err != nil {
			return err
		}
		if err := w.item(p.shape); err != nil {
			return err
		}
	}
	w.at++
	return nil
}

// name reads the name of a field.
func (w *jsonScale) name() (name string) {
	quoted := w.text()
	if bare := quoted[1 : len(quoted)-1]; bytes.IndexByte(bare, '\\') < 0 {
		return string(bare)
	}
	_ = json.Unmarshal(quoted, &name)
	return name
}

// text skips a string and returns it with its quotes.
func (w *jsonScale) text() []byte {
	start := w.at
	for w.at++; w.raw[w.at] != '"'; w.at++ {
		if w.raw[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.raw[start:w.at]
}

// word skips a number, true, false or null.
func (w *jsonScale) word() {
	for ; w.at < len(w.raw); w.at++ {
		switch w.raw[w.at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}
