package redisbackend

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"
)

// senders knows of each other sender which of its messages have come.
type senders struct {
	mu sync.Mutex
	m  map[string]*sender // guarded by mu
}

type sender struct {
	next  uint64          // the number that is awaited
	early map[uint64]bool // numbers beyond it that have come
	since time.Time       // when the first of them came; zero: there is none
	last  time.Time       // when anything came
}

const (
	// Two messages of a process may overtake each other on their way out.
	overtaking  = time.Second
	silence     = 10 * time.Second // of one that is no more; a beat comes every 3 s at least
	manySenders = 10_000
	manyEarly   = 10_000
)

func newID() string {
	id := make([]byte, 9)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// forget forgets all of them.
func (s *senders) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m = make(map[string]*sender)
}

// missed notes a message, and reports whether others of its sender must have
// been missed: of one that is not known there may be any number.
func (s *senders) missed(id string, number uint64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.m[id]
	if one == nil {
		if len(s.m) >= manySenders {
			s.m = make(map[string]*sender)
		}
		s.m[id] = &sender{next: number + 1, last: now}
		return number != 1
	}
	one.last = now
	one.note(number, now)
	if len(one.early) < manyEarly {
		return false
	}
	one.skip()
	return true
}

func (o *sender) note(number uint64, now time.Time) {
	if number < o.next {
		return // it was given up
	}
	if o.early == nil {
		o.early = make(map[uint64]bool)
	}
	o.early[number] = true
	if number > o.next {
		if o.since.IsZero() {
			o.since = now
		}
		return
	}
	for o.early[o.next] {
		delete(o.early, o.next)
		o.next++
	}
	if o.since = now; len(o.early) == 0 {
		o.since = time.Time{}
	}
}

// skip gives up what is missing.
func (o *sender) skip() {
	for number := range o.early {
		o.next = max(o.next, number+1)
	}
	o.early, o.since = nil, time.Time{}
}

// overdue reports whether something is missing that should have come by now, or
// somebody has gone without a word, and gives that up.
func (s *senders) overdue(now time.Time) (missing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, one := range s.m {
		if !one.since.IsZero() && now.Sub(one.since) > overtaking {
			one.skip()
			missing = true
		}
		if now.Sub(one.last) > silence {
			delete(s.m, id)
			missing = true
		}
	}
	return missing
}
