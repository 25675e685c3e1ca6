package filebackend

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"time"
)

// get reads the entry of a key, of whichever form. It looks first where the key
// was found before: never are both forms there at once.
func (f *folder) get(key string) (value []byte, ok bool, err error) {
	p := placeOf(key)
	filed := f.kinds.isFiled(&p)
	for range 2 {
		if filed {
			value, ok, err = f.getFile(&p)
		} else {
			value, ok, err = f.getSmall(&p)
		}
		if ok || err != nil {
			break
		}
		filed = !filed
	}
	if ok {
		f.kinds.note(&p, filed)
	}
	return value, ok, err
}

func (f *folder) getSmall(p *place) (value []byte, ok bool, err error) {
	r, ok, err := f.table.find(p)
	if !ok || err != nil {
		return nil, false, err
	}
	return r.bytes(), true, nil
}

func (f *folder) getFile(p *place) (value []byte, ok bool, err error) {
	d, err := f.shards[p.shard].toRead()
	if d == nil || err != nil {
		return nil, false, err
	}
	e, ok, err := d.read(p, f)
	if ok {
		d.markUsed(p, e.used)
	}
	return e.value, ok, err
}

// kinds remembers which keys were found in files. It is a guess: one that is
// wrong, because two keys share a bit or the entry was replaced by one of
// the other form, costs a look in the other place.
type kinds [1 << 10]atomic.Uint64

func (k *kinds) bit(p *place) (word *atomic.Uint64, bit uint64) {
	at := binary.LittleEndian.Uint32(p.sum[28:])
	return &k[(at>>6)%uint32(len(k))], 1 << (at & 63)
}

func (k *kinds) isFiled(p *place) bool {
	word, bit := k.bit(p)
	return word.Load()&bit != 0
}

func (k *kinds) note(p *place, filed bool) {
	word, bit := k.bit(p)
	switch is := word.Load()&bit != 0; {
	case filed && !is:
		word.Or(bit)
	case is && !filed:
		word.And(^bit)
	}
}

// A found is an entry that was read from its file.
type found struct {
	value    []byte
	deadline int64
	used     time.Time
}

// most is the length up to which a file is read at once, before its header is
// known.
const most = 64 << 10

// read reads the entry of a place from its file; ok is false if there is none
// that is whole, of that key and within its time. Whatever else the file holds
// is no entry.
func (d *directory) read(p *place, by *folder) (f found, ok bool, err error) {
	o, err := d.openToRead(p.file())
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, false, nil
	}
	if err != nil {
		return found{}, false, err
	}
	defer o.close()
	f, ok = by.hot.get(p, o.state)
	if !ok {
		if f, ok, err = o.readEntry(p, by.largest()); ok {
			by.hot.keep(p, o.state, f)
		}
	}
	if !ok || err != nil || time.Now().UnixNano() >= f.deadline {
		return found{}, false, err
	}
	return f, true, nil
}

// readEntry reads the entry of a place.
func (o *opened) readEntry(p *place, largest int64) (f found, ok bool, err error) {
	if o.size < headerSize || o.size > largest+headerSize+maxKeySize {
		return found{}, false, nil
	}
	data, h, ok, err := o.readWhole(p.key)
	if !ok || err != nil {
		return found{}, false, err
	}
	value := data[headerSize+h.keySize:]
	if !h.isWhole(data) || !o.settle(&h) {
		return found{}, false, nil
	}
	return found{value[:len(value):len(value)], h.deadline, o.used}, true, nil
}

// readWhole reads the file if it is that of the key. Of one that is long it reads the
// header first: a file that is not that of the key takes no memory to speak of.
func (o *opened) readWhole(key string) (data []byte, h header, ok bool, err error) {
	first := min(o.size, most)
	data = make([]byte, first)
	if err := o.readAt(data, 0); err != nil {
		return nil, h, false, notShorter(err)
	}
	h, ok = parseHeader(data, o.size)
	if !ok || h.keySize != len(key) || string(data[headerSize:headerSize+h.keySize]) != key {
		return nil, h, false, nil
	}
	if o.size > first {
		data = append(make([]byte, 0, o.size), data...)[:o.size]
		if err := o.readAt(data[first:], first); err != nil {
			return nil, h, false, notShorter(err)
		}
	}
	return data, h, true, nil
}

// notShorter tells a fault from a file that is shorter than it was.
func notShorter(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// settle reads the deadline again while somebody is writing it, and reports
// whether it is whole at last.
func (o *opened) settle(h *header) bool {
	var part [headerSize - deadlineAt]byte
	for range tornReads {
		if h.deadline != 0 {
			return true
		}
		if err := o.readAt(part[:], deadlineAt); err != nil {
			return false
		}
		h.readDeadline(part[:])
	}
	return h.deadline != 0
}
