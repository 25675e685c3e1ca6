package fragment

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// shared are the stamps of a Backend that other processes use too. The Backend
// holds them: for each slot of a tag that is in use, for Clear and for the key of
// each entry, a random number. An entry carries those that were seen before its
// fill began, and is valid while they are there unchanged. A stamp that was
// evicted or lost is never the same again: a miss.
//
// A tag that becomes known only inside a fill has no stamp from before. For
// those there is one more number, the epoch, which each invalidation changes. If
// it is still what it was before the fill, nothing was invalidated meanwhile.
//
// An invalidation takes steps, each in all caches that are concerned before the
// next: see moveShared.
//
// The stamp of a key keeps a fill of another process, which began before the key
// was set or deleted, from bringing back what was there: Set changes it and Delete
// removes it. A fill gives one to its key, if there is none, before it begins. It
// is there for longer than the entry, and comes and goes with it.
type shared struct {
	prefix  string // of the keys of stamps
	seed    maphash.Seed
	guesses [1 << 12]atomic.Pointer[guess]
	looks   atomic.Uint64 // and fills that began: see view
	creates chan struct{} // full while a goroutine creates stamps
	debts   debts
	breaker breaker
}

const (
	epochSlot  = clearSlot - 1
	blockedTTL = 30 * time.Second // a process that dies amid an invalidation leaves no slot blocked
	stampSize  = 8
)

func newShared(prefix string, maxFaults int) *shared {
	s := &shared{prefix: prefix + "!", seed: maphash.MakeSeed(), creates: make(chan struct{}, 1)}
	s.breaker.limit = maxFaults
	return s
}

// keyOfSlot is where the Backend holds the stamp of a slot.
func (s *shared) keyOfSlot(slot slotNo) string {
	switch slot {
	case clearSlot:
		return s.prefix + "clear"
	case epochSlot:
		return s.prefix + "epoch"
	}
	return s.prefix + strconv.FormatUint(uint64(slot), 16)
}

// keyOfKey is where the Backend holds the stamp of a key.
func (s *shared) keyOfKey(key string) string { return s.prefix + "k|" + key[len(s.prefix)-1:] }

// newStamp is a number that never was.
func newStamp() uint64 {
	for {
		if n := rand.Uint64(); isStamp(n) {
			return n
		}
	}
}

// A block is the stamp of a slot that is being invalidated: a number that never
// was, by which an invalidation knows its own. No entry carries it and no fill may
// store under it.
func newBlock() uint64          { return rand.Uint64() | blocks }
func isBlock(stamp uint64) bool { return stamp >= blocks }

// isStamp reports what may be told from a stamp of before.
func isStamp(stamp uint64) bool { return stamp != 0 && !isBlock(stamp) }

const blocks = math.MaxUint32 << 32

func encodeStamp(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// stampIn is the stamp under key in what was found: zero where there is none.
func stampIn(found map[string][]byte, key string) uint64 {
	p := found[key]
	if len(p) != stampSize {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
}

// A sight is what one look saw of the stamps. A slot that is not known has the
// stamp 0, and so has one without a stamp.
type sight struct {
	known []stamped
	asked int // how many of them are wanted for more than to judge an entry
}

func (s *sight) of(slot slotNo) uint64 {
	for i := range s.known {
		if s.known[i].slot == slot {
			return s.known[i].stamp
		}
	}
	return 0
}

// setStamps writes items, if it can be in one trip.
func (c *core) setStamps(ctx context.Context, items map[string][]byte, ttl time.Duration) error {
	if len(items) > 1 {
		return c.setMany(ctx, items, ttl)
	}
	for key, value := range items {
		return c.trySet(ctx, key, value, ttl)
	}
	return nil
}

// readStamps reads the stamps of slots.
func (c *core) readStamps(ctx context.Context, slots []slotNo) (*sight, error) {
	return c.stampsBy(ctx, slots, c.getMany)
}

// stampsBy reads the stamps of slots by get.
func (c *core) stampsBy(ctx context.Context, slots []slotNo, get func(context.Context, []string) (map[string][]byte, error)) (*sight, error) {
	keys := make([]string, len(slots))
	for i, slot := range slots {
		keys[i] = c.shared.keyOfSlot(slot)
	}
	found, err := get(ctx, keys)
	if err != nil {
		return nil, err
	}
	seen := &sight{asked: len(slots)}
	for i, slot := range slots {
		seen.known = append(seen.known, stamped{slot: slot, stamp: stampIn(found, keys[i])})
	}
	return seen, nil
}
