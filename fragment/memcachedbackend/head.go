package memcachedbackend

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// headFlags marks a head: memcached keeps these bits beside a value, and those of
// any other value of ours are 0.
const headFlags = 0x706f6e67

const (
	generationSize = 16
	maxParts       = 1024
	headSize       = 1 + generationSize + 8 + 4 + 4
	headVersion    = 1
)

// A head names the parts of a large value and tells what they must be together. It
// is written as
//
//	version, 1 byte; generation; size, 8 bytes; part size, 4; checksum, 4
//
// where a part has the part size, except for the last one, which is the rest.
type head struct {
	generation []byte // random
	size       int
	partSize   int
	checksum   uint32 // CRC-32C of the value
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newHead(value []byte, partSize int, generation []byte) head {
	return head{generation, len(value), partSize, crc32.Checksum(value, castagnoli)}
}

func (h head) encode() []byte {
	raw := append([]byte{headVersion}, h.generation...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(h.size))
	raw = binary.BigEndian.AppendUint32(raw, uint32(h.partSize))
	return binary.BigEndian.AppendUint32(raw, h.checksum)
}

// decodeHead reads a head. It is false for bytes that are none, or that no Backend
// would have written.
func decodeHead(raw []byte) (h head, ok bool) {
	if len(raw) != headSize || raw[0] != headVersion {
		return head{}, false
	}
	h.generation, raw = raw[1:1+generationSize], raw[1+generationSize:]
	size, partSize := binary.BigEndian.Uint64(raw), binary.BigEndian.Uint32(raw[8:])
	if partSize < 1 || partSize > maxItemSize || size < 1 || size > uint64(partSize)*maxParts {
		return head{}, false
	}
	h.size, h.partSize, h.checksum = int(size), int(partSize), binary.BigEndian.Uint32(raw[12:])
	return h, true
}

// headOf is decodeHead for a reply that may be anything.
func headOf(r *wire.Reply) (h head, ok bool) {
	if r.Status != wire.OK || r.Flags != headFlags {
		return head{}, false
	}
	return decodeHead(r.Value)
}

// names are the keys of the parts.
func (h head) names() []string {
	names := make([]string, (h.size+h.partSize-1)/h.partSize)
	for i := range names {
		names[i] = partName(h.generation, i)
	}
	return names
}

// describes reports whether value is what the head was written for.
func (h head) describes(value []byte) bool {
	return len(value) == h.size && crc32.Checksum(value, castagnoli) == h.checksum
}
