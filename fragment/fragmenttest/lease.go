package fragmenttest

import (
	"bytes"
	"context"
	"time"
)

// A lease is on a key, for one owner.
type lease struct {
	owner string
	until time.Time // zero is for ever
}

// Owner returns who has the lease on key; ok is false if nobody has.
func (s *Server) Owner(key string) (owner string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holder(key)
}

// holder is Owner for who holds mu.
func (s *Server) holder(key string) (owner string, ok bool) {
	l, ok := s.leases[key]
	if !ok || isOver(l.until) {
		return "", false
	}
	return l.owner, true
}

// Add stores a copy of value under key for ttl if nothing is there, as one step,
// and reports whether it did.
func (c *Conn) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = c.trip(ctx, func(s *Server) {
		s.trips.Add++
		if _, there := s.get(key); !there {
			s.store(key, value, ttl)
			s.tell(c, key)
			added = true
		}
	})
	return added, err
}

// Swap stores a copy of value under key if old is there, as one step.
func (c *Conn) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	err = c.trip(ctx, func(s *Server) {
		s.trips.Swap++
		if now, there := s.get(key); there && bytes.Equal(now.value, old) {
			s.store(key, value, ttl)
			s.tell(c, key)
			swapped = true
		}
	})
	return swapped, err
}

// Lock takes the lease on key for owner, and reports whether owner has it now.
// It ends after ttl at the latest. Who has it and locks again renews it. A
// lease is no entry: it says nothing about what is stored under key.
func (c *Conn) Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	err = c.trip(ctx, func(s *Server) {
		s.trips.Lock++
		if holder, held := s.holder(key); held && holder != owner {
			return
		}
		if s.leases == nil {
			s.leases = make(map[string]lease)
		}
		s.leases[key] = lease{owner, after(ttl)}
		ok = true
	})
	return ok, err
}

// Unlock ends the lease on key if owner has it; else it does nothing.
func (c *Conn) Unlock(ctx context.Context, key, owner string) error {
	return c.trip(ctx, func(s *Server) {
		s.trips.Unlock++
		if holder, held := s.holder(key); held && holder == owner {
			delete(s.leases, key)
		}
	})
}
