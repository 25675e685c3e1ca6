package fragment

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// failures remembers for a while which fills failed, so that a refill is not
// tried again at once and, by choice, an error is given to the next who ask. It
// holds maxFailures of each shard; where there is no room, one is forgotten
// early, which costs a try.
type failures struct {
	seed   maphash.Seed
	many   atomic.Int64 // remembered in all: mostly none, which spares the look
	shards [8]struct {
		mu sync.Mutex
		m  map[string]failure // guarded by mu
	}
}

const maxFailures = 512

// A failure is one fill that failed or took too long.
type failure struct {
	resting int64 // until then a stale value is served without a try
	keeping int64 // until then err is given instead of a try
	answer        // without a value: what the error was made of
	err     error
}

func (f *failure) rests(now int64) bool  { return now < f.resting }
func (f *failure) kept(now int64) bool   { return now < f.keeping }
func (f *failure) isOver(now int64) bool { return !f.rests(now) && !f.kept(now) }

func newFailures() *failures { return &failures{seed: maphash.MakeSeed()} }

// of returns what is remembered of key.
func (f *failures) of(key string, now int64) (one failure, known bool) {
	if f.many.Load() == 0 {
		return failure{}, false
	}
	s := &f.shards[maphash.String(f.seed, key)%uint64(len(f.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known = s.m[key]
	if known && one.isOver(now) {
		f.drop(s.m, key)
		return failure{}, false
	}
	return one, known
}

// drop takes key out of m, whose mu the caller holds.
func (f *failures) drop(m map[string]failure, key string) {
	if _, known := m[key]; known {
		delete(m, key)
		f.many.Add(-1)
	}
}

// note remembers that the fill of key failed by err, computed as a tells.
func (f *failures) note(key string, p *Policy, a answer, err error) {
	now := time.Now().UnixNano()
	f.change(key, now, func(one *failure) {
		*one = failure{resting: later(now, max(p.RetryAfter, 0)), err: err}
		if p.ErrorTTL > 0 {
			one.keeping, one.answer = later(now, p.ErrorTTL), a
		}
	})
}

// rest remembers that a refill of key takes too long. An error that is kept stays.
func (f *failures) rest(key string, d time.Duration) {
	now := time.Now().UnixNano()
	f.change(key, now, func(one *failure) { one.resting = max(one.resting, later(now, max(d, 0))) })
}

// change changes what is remembered of key. What is over then is forgotten.
func (f *failures) change(key string, now int64, by func(*failure)) {
	s := &f.shards[maphash.String(f.seed, key)%uint64(len(f.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.m[key]
	if by(&one); one.isOver(now) {
		f.drop(s.m, key)
		return
	}
	if s.m == nil {
		s.m = make(map[string]failure)
	}
	if !known {
		if len(s.m) >= maxFailures {
			f.many.Add(-makeRoom(s.m, now))
		}
		f.many.Add(1)
	}
	s.m[key] = one
}

// makeRoom forgets what is over, or else any one, and returns how many.
func makeRoom(m map[string]failure, now int64) (forgotten int64) {
	for key, one := range m {
		if one.isOver(now) {
			delete(m, key)
			forgotten++
		}
	}
	for key := range m {
		if forgotten > 0 {
			break
		}
		delete(m, key)
		forgotten++
	}
	return forgotten
}

// forget forgets key: it was filled, written or deleted.
func (f *failures) forget(key string) {
	if f.many.Load() == 0 {
		return
	}
	s := &f.shards[maphash.String(f.seed, key)%uint64(len(f.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	f.drop(s.m, key)
}
