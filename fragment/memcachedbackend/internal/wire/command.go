// Package wire holds what the two protocols of memcached have in common: commands
// and replies, and a pool of connections on which they are exchanged, each call
// bound to a ctx.
package wire

import "errors"

// An Op is what a Command asks for.
type Op uint8

const (
	Get    Op = iota
	Set       // store
	Add       // store where there is nothing
	Swap      // store where CAS has not changed
	Delete    // remove
	Drop      // remove where CAS has not changed
	Touch     // give a new life
	Ping      // ask whether somebody is there
)

func (op Op) String() string {
	return [...]string{"get", "set", "add", "compare and swap", "delete", "delete unchanged", "touch"}[op]
}

// A Command is sent to a server. Its Value is not changed.
type Command struct {
	Op      Op
	Key     string // 1 to 250 bytes without a space and control characters
	Value   []byte // of Set, Add and Swap
	Flags   uint32 // of the same: kept beside the value
	Expires int32  // of the same and of Touch: seconds or, above 30 days, a date; 0: never
	CAS     uint64 // of Swap and Drop: what Get returned
}

// A Status tells what became of a Command.
type Status uint8

const (
	OK       Status = iota
	Missing         // there is nothing under the key
	Unstored        // by Add and Swap: there is something else under the key
	Refused         // the server cannot; Reply.Why tells what it says
	TooLarge        // the server refuses it because of its size; see Reply.Why
)

// A Reply is what a server answers to a Command.
type Reply struct {
	Status Status
	Value  []byte // of Get. It is its receiver's
	Flags  uint32
	CAS    uint64
	Why    string // holds no key
}

// A Link speaks a protocol on one connection.
type Link interface {
	// Exchange sends commands, which are all of one Op, in one trip, and fills in
	// replies, of which there are as many. After an error nothing is known, and
	// the connection is of no more use.
	Exchange(commands []Command, replies []Reply) error
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the backend is closed")

// ErrGarbled is the error of a reply that is none of the protocol.
var ErrGarbled = errors.New("a reply that memcached does not give")
