package filebackend

import (
	"encoding/binary"
	"math/bits"
)

// A record keeps a small value in the table, where a read of it is one system
// call instead of five: the stamps by which processes tell each other what was
// invalidated are such values, and each hit reads several of them.
//
//	 0  16  id
//	16   8  deadline, in nanoseconds since 1970, of the wall clock
//	24   4  checksum of all the rest
//	28   1  length of the value
//	29   1  1 if the record is in use
//	30   2  zero
//	32  32  value
type record struct {
	id       recordID
	deadline int64
	size     uint8
	value    [smallSize]byte
}

type recordID [16]byte

const (
	recordSize = 64
	smallSize  = 32 // a value up to that length is kept in the table
	bucketSize = 8 * recordSize
)

func newRecord(p place, value []byte, deadline int64) record {
	r := record{id: p.id, deadline: deadline, size: uint8(len(value))}
	copy(r.value[:], value)
	return r
}

// bytes returns the value. It is the caller's.
func (r *record) bytes() []byte { return append([]byte{}, r.value[:r.size]...) }

func (r *record) encode() (raw [recordSize]byte) {
	copy(raw[:], r.id[:])
	binary.LittleEndian.PutUint64(raw[16:], uint64(r.deadline))
	raw[28], raw[29] = r.size, 1
	copy(raw[32:], r.value[:])
	binary.LittleEndian.PutUint32(raw[24:], recordSum(raw[:]))
	return raw
}

// recordSum is a checksum that tells a record half written from a whole one. The
// one of hash/crc32 would put each bucket that is read on the heap.
func recordSum(raw []byte) uint32 {
	const prime = 0x9e3779b97f4a7c15
	sum := uint64(binary.LittleEndian.Uint32(raw[28:]))
	for at := 0; at < recordSize; at += 8 {
		if at != 24 { // where the checksum is, and what was taken first
			sum = bits.RotateLeft64((sum^binary.LittleEndian.Uint64(raw[at:]))*prime, 29)
		}
	}
	return uint32(sum ^ sum>>32)
}

// decodeRecord reads a record; ok is false for one that is not in use or not
// whole.
func decodeRecord(raw []byte) (r record, ok bool) {
	if raw[29] != 1 || raw[28] > smallSize || binary.LittleEndian.Uint32(raw[24:]) != recordSum(raw) {
		return record{}, false
	}
	copy(r.id[:], raw)
	r.deadline = int64(binary.LittleEndian.Uint64(raw[16:]))
	r.size = raw[28]
	copy(r.value[:], raw[32:])
	return r, true
}
