// Package binary speaks as much of memcached's binary protocol as a cache needs:
// get, set, add, compare and swap, delete, touch, and SASL PLAIN, which memcached
// has in this protocol alone.
//
// Connections, and the deadlines that a ctx gives to them, are those of package
// wire.
package binary

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pongocache/pongocache/fragment/memcachedbackend/internal/wire"
)

// An opcode is what a frame asks for.
type opcode uint8

const (
	opGet      opcode = 0x00
	opSet      opcode = 0x01
	opAdd      opcode = 0x02
	opDelete   opcode = 0x04
	opGetQuiet opcode = 0x09 // no reply if there is nothing
	opNoop     opcode = 0x0a
	opTouch    opcode = 0x1c
	opSASLList opcode = 0x20
	opSASLAuth opcode = 0x21
)

// A status is how a frame was answered.
type status uint16

const (
	statusOK        status = 0x00
	statusNotFound  status = 0x01
	statusExists    status = 0x02
	statusTooLarge  status = 0x03
	statusNotStored status = 0x05
	statusAuth      status = 0x20
)

const (
	headerSize   = 24
	magicRequest = 0x80
	magicReply   = 0x81
)

// A request is a frame to the server.
type request struct {
	op     opcode
	extras []byte
	key    string
	value  []byte
	opaque uint32 // which the reply repeats
	cas    uint64
}

// head appends all of r but its value.
func (r *request) head(to []byte) []byte {
	to = append(to, magicRequest, byte(r.op))
	to = binary.BigEndian.AppendUint16(to, uint16(len(r.key)))
	to = append(to, byte(len(r.extras)), 0, 0, 0)
	to = binary.BigEndian.AppendUint32(to, uint32(len(r.extras)+len(r.key)+len(r.value)))
	to = binary.BigEndian.AppendUint32(to, r.opaque)
	to = binary.BigEndian.AppendUint64(to, r.cas)
	to = append(to, r.extras...)
	return append(to, r.key...)
}

// A reply is a frame from the server.
type reply struct {
	op     opcode
	status status
	extras []byte
	value  []byte
	opaque uint32
	cas    uint64
}

// readReply reads one frame whose parts have no more than largest bytes together.
// It takes no memory for more.
func readReply(from io.Reader, largest int) (reply, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return reply{}, err
	}
	r := reply{
		op:     opcode(header[1]),
		status: status(binary.BigEndian.Uint16(header[6:])),
		opaque: binary.BigEndian.Uint32(header[12:]),
		cas:    binary.BigEndian.Uint64(header[16:]),
	}
	keySize, extrasSize := int(binary.BigEndian.Uint16(header[2:])), int(header[4])
	size := binary.BigEndian.Uint32(header[8:])
	switch {
	case header[0] != magicReply:
		return reply{}, fmt.Errorf("%w: it begins with %#x", wire.ErrGarbled, header[0])
	case int64(size) < int64(keySize+extrasSize):
		return reply{}, fmt.Errorf("%w: its parts are longer than the whole", wire.ErrGarbled)
	case int64(size) > int64(largest):
		return reply{}, fmt.Errorf("a reply of %d bytes, and the item size leaves %d: raise it, as memcached -I does", size, largest)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(from, body); err != nil {
		return reply{}, unexpected(err)
	}
	r.extras, r.value = body[:extrasSize], body[extrasSize+keySize:]
	return r, nil
}

// unexpected is the error of a frame that ends where none does.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
