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
// A Backend of several shards (see Sharder) holds the stamps that judge an entry
// with the entry, so that none of the other shards has to be there: one of Clear on
// each shard, for the entries there, and that of a key on the shard of the key. That
// of a tag lies on a shard of its own, and the epoch is one for each shard, for the
// tags whose stamps lie there.
//
// The stamp of a key keeps a fill of another process, which began before the key
// was set or deleted, from bringing back what was there: Set changes it and Delete
// removes it. A fill gives one to its key, if there is none, before it begins. Each
// write of an entry sees to it that the stamp of its key stays for longer.
type shared struct {
	prefix  string // of the keys of stamps
	shards  []*shard
	shardOf func(key string) int // nil for one
	seed    maphash.Seed
	guesses [1 << 12]atomic.Pointer[guess]
	looks   atomic.Uint64 // and fills that began: see view
	creates chan struct{} // full while a goroutine creates stamps
	touches bool          // the Backend can prolong what it holds
	leases  bool          // it is a Locker
	debts   debts
	writes  writes
	hung    atomic.Int64 // when a read has last waited in vain, Unix nanoseconds

	complaints complaints // since a shard is down
}

const (
	epochSlot  = clearSlot - 1
	blockedTTL = 30 * time.Second // a process that dies amid an invalidation leaves no slot blocked
	stampSize  = 8
)

func newShared(b Backend, prefix string, maxFaults int, readTimeout time.Duration) *shared {
	prefix += "!"
	s := &shared{prefix: prefix, seed: maphash.MakeSeed(), creates: make(chan struct{}, 1), touches: canTouch(b)}
	_, s.leases = b.(Locker)
	s.writes.seed = s.seed
	backends, shardOf := shardsOf(b)
	s.shards, s.shardOf = make([]*shard, len(backends)), shardOf
	for no, one := range backends {
		s.shards[no] = &shard{
			no: no, backend: one, breaker: newBreaker(maxFaults, readTimeout),
			clear: s.pinned(no, prefix+"clear", ""), epoch: s.pinned(no, prefix+"epoch", ""),
		}
	}
	return s
}

// keyOfSlot is where the Backend holds the stamp of a slot.
func (s *shared) keyOfSlot(slot slotNo) string {
	if slot >= firstOwnSlot {
		one := s.shards[int(clearSlot-slot)/2]
		if slot == clearSlotOf(one.no) {
			return one.clear
		}
		return one.epoch
	}
	var room [maxPrefix + 8]byte
	return string(strconv.AppendUint(append(room[:0], s.prefix...), uint64(slot), 16))
}

// keyOfKey is where the Backend holds the stamp of a key.
func (s *shared) keyOfKey(key string) string {
	if g := s.guessOf(key); g != nil {
		return g.stamp
	}
	own := key[len(s.prefix)-1:]
	if !s.isSplit() {
		return s.prefix + "k|" + own
	}
	return s.pinned(s.shardOf(key), s.prefix+"k", "|"+own)
}

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
func stampIn(found map[string][]byte, key string) uint64 { return stampOf(found[key]) }

// stampOf is the stamp that p is; zero if it is none.
func stampOf(p []byte) uint64 {
	if len(p) != stampSize {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
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
