package filebackend

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// hot holds copies of entries that were read, so that the next one who reads the
// same file need not read its bytes, nor check their sum. The file is opened
// all the same: its state tells whether it is the one that was copied. A key
// has one slot, which it shares with others; the last that was read has it.
type hot [hotSlots]atomic.Pointer[hotEntry]

const (
	hotSlots   = 128
	hotLargest = 64 << 10 // bytes of a file; what all slots may take is 8 MiB

	// settled is the age at which no other file can have the same state any more.
	// The clock of a file system may go in steps of some milliseconds, in which
	//
	//	a file is copied, replaced and its number given to the next one,
	//
	// which then looks like the first if it is as long.
	settled = time.Second
)

type hotEntry struct {
	key   string
	state fileState
	found found
}

// A fileState changes with whatever is done to a file.
type fileState struct {
	device, number  uint64
	size            int64
	changed, edited int64 // in nanoseconds since 1970; changed cannot be set by hand
}

func (h *hot) slot(p *place) *atomic.Pointer[hotEntry] {
	return &h[binary.LittleEndian.Uint16(p.sum[17:])%hotSlots]
}

// get returns the copy of the entry that was read from a file in that state.
func (h *hot) get(p *place, state fileState) (f found, ok bool) {
	e := h.slot(p).Load()
	if e == nil || e.state != state || e.key != p.key {
		return found{}, false
	}
	return e.found, true
}

// keep keeps an entry that was read from a file that had that state before.
func (h *hot) keep(p *place, state fileState, f found) {
	age := time.Duration(time.Now().UnixNano() - state.changed)
	if state.changed != 0 && age > settled && state.size <= hotLargest {
		h.slot(p).Store(&hotEntry{p.key, state, f})
	}
}
