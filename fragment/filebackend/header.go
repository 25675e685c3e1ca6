package filebackend

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A file holds one entry: a header, the whole key and the value.
//
//	 0   8  magic
//	 8   2  length of the key
//	10   2  zero
//	12   4  checksum of the lengths, the key and the value
//	16   8  length of the value
//	24   8  deadline, in nanoseconds since 1970, of the wall clock
//	32   4  checksum of the deadline and of the checksum before
//	36   4  zero
//
// The deadline has a checksum of its own, since Touch writes it anew in place.
const (
	headerSize  = 40
	deadlineAt  = 24
	magic       = "pongofc1"
	maxKeySize  = 1 << 10 // far above what the engine asks for
	neverBefore = math.MaxInt64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// deadlineOf is the end of a life that begins now.
func deadlineOf(ttl time.Duration) int64 {
	now := time.Now().UnixNano()
	if ttl == fragment.Forever || int64(ttl) > neverBefore-now {
		return neverBefore
	}
	return now + int64(ttl)
}

// appendHeader appends the header of an entry, and its key.
func appendHeader(to []byte, key string, value []byte, deadline int64) []byte {
	start := len(to)
	to = append(to, magic...)
	to = binary.LittleEndian.AppendUint16(to, uint16(len(key)))
	to = append(to, 0, 0, 0, 0, 0, 0)
	to = binary.LittleEndian.AppendUint64(to, uint64(len(value)))
	sum := crc32.Update(bodySum(to[start:], []byte(key)), castagnoli, value)
	binary.LittleEndian.PutUint32(to[start+12:], sum)
	to = append(to, deadlinePart(deadline, sum)...)
	return append(to, key...)
}

// deadlinePart is the part of a header that Touch writes.
func deadlinePart(deadline int64, sum uint32) []byte {
	part := binary.LittleEndian.AppendUint64(make([]byte, 0, headerSize-deadlineAt), uint64(deadline))
	part = binary.LittleEndian.AppendUint32(part, deadlineSum(part, sum))
	return append(part, 0, 0, 0, 0)
}

// bodySum is the checksum of an entry whose header begins so, and is followed by
// rest: the key and the value.
func bodySum(head, rest []byte) uint32 {
	sum := crc32.Update(0, castagnoli, head[8:10])
	sum = crc32.Update(sum, castagnoli, head[16:deadlineAt])
	return crc32.Update(sum, castagnoli, rest)
}

func deadlineSum(deadline []byte, sum uint32) uint32 {
	whole := ^crc32.Update(0, castagnoli, deadline[:8])
	for range 4 { // as crc32.Update, which would want the four bytes on the heap
		whole, sum = castagnoli[byte(whole)^byte(sum)]^whole>>8, sum>>8
	}
	return ^whole
}

// A header is what the first bytes of a file say. Nothing in it is believed
// before it agrees with the size of the file, and the value with its checksum.
type header struct {
	keySize   int
	valueSize int64
	sum       uint32
	deadline  int64 // zero if it is torn: Touch may be writing it
}

// parseHeader reads the header of a file of size bytes; ok is false for what is
// none, or not of such a file.
func parseHeader(data []byte, size int64) (h header, ok bool) {
	if len(data) < headerSize || string(data[:8]) != magic {
		return header{}, false
	}
	h.keySize = int(binary.LittleEndian.Uint16(data[8:]))
	h.sum = binary.LittleEndian.Uint32(data[12:])
	length := binary.LittleEndian.Uint64(data[16:])
	if h.keySize > maxKeySize || size < int64(headerSize+h.keySize) || length != uint64(size-int64(headerSize+h.keySize)) {
		return header{}, false
	}
	h.valueSize = int64(length)
	h.readDeadline(data[deadlineAt:headerSize])
	return h, true
}

// readDeadline takes the deadline from its part of a header, and reports
// whether it is whole.
func (h *header) readDeadline(part []byte) bool {
	h.deadline = 0
	whole := binary.LittleEndian.Uint32(part[8:]) == deadlineSum(part, h.sum)
	if whole {
		h.deadline = int64(binary.LittleEndian.Uint64(part))
	}
	return whole
}

// isWhole reports whether the key and the value in data, a whole file, are what its
// header was written for.
func (h *header) isWhole(data []byte) bool { return h.sum == bodySum(data, data[headerSize:]) }
