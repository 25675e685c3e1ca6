package memorybackend

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// A store is an otter cache whose bound is true at any moment.
//
// otter takes note of writes later, on a goroutine of its own, up to some hundred
// of them a processor. Until then they are on top of its bound: harmless for
// small values, several times the bound for large ones. So whoever has written
// the last of some bytes, a small part of the bound, waits until otter has taken
// note.
type store struct {
	cache   *otter.Cache[string, kept]
	drains  drains
	largest int64        // weight of an entry
	slack   int64        // weight that may go unnoticed
	unnoted atomic.Int64 // weight that was written since otter took note of all
}

// kept is an entry. The ttl is for otter's calculation of when it ends.
type kept struct {
	value []byte
	ttl   time.Duration
}

const (
	largestPart = 16 // of the size, an entry is at most one part
	slackPart   = 32 // of the size, one part is for what otter did not note yet
)

func newStore(size int64) (*store, error) {
	s := &store{largest: min(size/largestPart, maxWeight), slack: size / slackPart}
	cache, err := otter.New(&otter.Options[string, kept]{
		MaximumWeight:    uint64(size - s.slack),
		Weigher:          func(key string, e kept) uint32 { return uint32(weigh(key, e.value)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, kept]) time.Duration { return e.Value.ttl }),
		Executor:         s.drains.run,
	})
	s.cache = cache
	return s, err
}

// get returns a value of which nothing but itself can be reached: to append to it
// allocates.
func (s *store) get(key string) (value []byte, ok bool) {
	e, ok := s.cache.GetIfPresent(key)
	return e.value[:len(e.value):len(e.value)], ok
}

func (s *store) set(key string, e kept) {
	s.cache.Set(key, e)
	s.wrote(weigh(key, e.value))
}

// delete counts as a write: otter holds what was deleted until it takes note.
func (s *store) delete(key string) {
	if value, ok := s.cache.Invalidate(key); ok {
		s.wrote(weigh(key, value.value))
	}
}

// wrote counts what otter knows of, or has waiting, already. So what others count
// between the two lines that follow is noted by CleanUp too.
func (s *store) wrote(weight int64) {
	if s.unnoted.Add(weight) < s.slack {
		return
	}
	s.unnoted.Store(0)
	s.cache.CleanUp()
}

func (s *store) close() {
	s.cache.StopAllGoroutines()
	s.drains.close()
}
