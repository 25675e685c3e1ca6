package fragment

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"
)

// An entry is what a Backend holds: a head, then the value. All numbers are
// little-endian, times are Unix nanoseconds.
//
//	 0  magic, version, bound or not, kind  1 byte each
//	 4  CRC-32C of what follows up to the value, or of all and the key
//	 8  created
//	16  fresh until
//	24  dead until
//	32  stamp of Clear
//	40  stamp of the key, where the Backend is shared
//	48  cost of the fill in microseconds   4 bytes
//	52  length of the value                4
//	56  length of the name                 2
//	58  number of tags                     2
//	60  length of name and tags            4
//	64  name, then each tag: stamp 8, slot 2, length 2, bytes
//
// An entry is data from a place that others may write to: decodeEntry trusts
// no length, allocates nothing, and whatever is amiss makes it foreign. In a
// Backend that this process does not have to itself, the checksum also covers
// the value and binds the entry to its key; that costs the more the longer the
// value is, and memory of our own needs it no more than any other variable.
type entry struct {
	created int64
	fresh   int64
	dead    int64
	clear   uint64
	own     uint64
	cost    time.Duration

	near     bool      // it is a copy, kept near
	asked    time.Time // when it was read, if somebody wants to know
	negative bool      // there is nothing: value is the text of the error that said so

	name  []byte
	tags  []byte // encoded
	ntags int
	value []byte
}

const (
	entryMagic   = 0xca
	entryVersion = 1
	kindValue    = 0
	kindNegative = 1
	headSize     = 64
	tagHead      = 12
	maxTags      = math.MaxUint16
	maxValue     = math.MaxUint32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// stamped is a tag and its stamp. The slot is told with it, so that a hit need
// not look for it by name.
type stamped struct {
	tag   string
	slot  slotNo
	stamp uint64
}

// encode returns the entry as bytes, with a copy of value at their end, and
// that copy. If bound is not empty the checksum covers it and the value too.
func (e *entry) encode(bound, name string, tags []stamped, value []byte) (raw, copied []byte) {
	name = name[:min(len(name), math.MaxUint16)]
	meta := len(name)
	for _, t := range tags {
		meta += tagHead + len(t.tag)
	}
	raw = make([]byte, headSize+meta+len(value))
	raw[0], raw[1] = entryMagic, entryVersion
	le := binary.LittleEndian
	le.PutUint64(raw[8:], uint64(e.created))
	le.PutUint64(raw[16:], uint64(e.fresh))
	le.PutUint64(raw[24:], uint64(e.dead))
	le.PutUint64(raw[32:], e.clear)
	le.PutUint64(raw[40:], e.own)
	le.PutUint32(raw[48:], uint32(min(e.cost.Microseconds(), math.MaxUint32)))
	le.PutUint32(raw[52:], uint32(len(value)))
	le.PutUint16(raw[56:], uint16(len(name)))
	le.PutUint16(raw[58:], uint16(len(tags)))
	le.PutUint32(raw[60:], uint32(meta))
	at := headSize + copy(raw[headSize:], name)
	for _, t := range tags {
		le.PutUint64(raw[at:], t.stamp)
		le.PutUint16(raw[at+8:], uint16(t.slot))
		le.PutUint16(raw[at+10:], uint16(len(t.tag)))
		at += tagHead + copy(raw[at+tagHead:], t.tag)
	}
	copy(raw[at:], value)
	raw[2] = boundFlag(bound)
	if e.negative {
		raw[3] = kindNegative
	}
	le.PutUint32(raw[4:], checksum(raw, at, bound))
	return raw, raw[at:len(raw):len(raw)]
}

func boundFlag(bound string) byte {
	if bound == "" {
		return 0
	}
	return 1
}

// checksum covers raw from its ninth byte to end and the kind, or if it is bound,
// all of that and what it is bound to.
func checksum(raw []byte, end int, bound string) uint32 {
	if bound != "" {
		end = len(raw)
	}
	sum := crc32.Checksum(raw[8:end], castagnoli) ^ uint32(raw[3])
	if bound == "" {
		return sum
	}
	sum = ^sum
	for i := range len(bound) { // crc32.Update would want it as bytes, on the heap
		sum = castagnoli[byte(sum)^bound[i]] ^ sum>>8
	}
	return ^sum
}

// decodeEntry reads raw into e, whose slices are parts of raw; ok is false if
// raw is not a whole entry of this version, bound to bound. That it is whole need
// not be found out where it was checked already.
func decodeEntry(raw []byte, bound string, checked bool, e *entry) (ok bool) {
	if len(raw) < headSize || [3]byte(raw) != [3]byte{entryMagic, entryVersion, boundFlag(bound)} || raw[3] > kindNegative {
		return false
	}
	le := binary.LittleEndian
	size, name, meta := uint64(le.Uint32(raw[52:])), int(le.Uint16(raw[56:])), uint64(le.Uint32(raw[60:]))
	if uint64(len(raw)) != headSize+meta+size || uint64(name) > meta {
		return false
	}
	end := headSize + int(meta)
	if !checked && le.Uint32(raw[4:]) != checksum(raw, end, bound) {
		return false
	}
	e.created = int64(le.Uint64(raw[8:]))
	e.fresh = int64(le.Uint64(raw[16:]))
	e.dead = int64(le.Uint64(raw[24:]))
	e.clear = le.Uint64(raw[32:])
	e.own = le.Uint64(raw[40:])
	e.cost = time.Duration(le.Uint32(raw[48:])) * time.Microsecond
	e.negative = raw[3] == kindNegative
	e.ntags = int(le.Uint16(raw[58:]))
	e.name = raw[headSize : headSize+name]
	e.tags = raw[headSize+name : end]
	e.value = raw[end:len(raw):len(raw)]
	return true
}

// valid reports whether no tag of e was invalidated since it was written, nor
// clear, which is the slot of Clear.
func (e *entry) valid(s *stamps, clear slotNo) bool {
	if !s.same(clear, e.clear) {
		return false
	}
	rest := e.tags
	for range e.ntags { // not by eachTag: a call for each tag would be the larger part of a hit
		_, slot, stamp, after, ok := nextTag(rest)
		if !ok || !s.same(slot, stamp) {
			return false
		}
		rest = after
	}
	return true
}

// eachTag calls yield with each tag of e, in place, until it returns false. It
// reports whether that was not, and the tags are whole.
func (e *entry) eachTag(yield func(tag []byte, slot slotNo, stamp uint64) bool) bool {
	rest := e.tags
	for range e.ntags {
		tag, slot, stamp, after, ok := nextTag(rest)
		if !ok || !yield(tag, slot, stamp) {
			return false
		}
		rest = after
	}
	return true
}

func nextTag(p []byte) (tag []byte, slot slotNo, stamp uint64, rest []byte, ok bool) {
	if len(p) < tagHead {
		return nil, 0, 0, nil, false
	}
	n := tagHead + int(binary.LittleEndian.Uint16(p[10:]))
	if len(p) < n {
		return nil, 0, 0, nil, false
	}
	return p[tagHead:n], slotNo(binary.LittleEndian.Uint16(p[8:])), binary.LittleEndian.Uint64(p), p[n:], true
}
