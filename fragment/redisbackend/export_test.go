package redisbackend

import "time"

// Frame follows replies that come in pieces.
func Frame(replies string, size int) error {
	var f framing
	for len(replies) > 0 {
		n := min(size, len(replies))
		if err := f.feed([]byte(replies[:n])); err != nil {
			return err
		}
		replies = replies[n:]
	}
	return nil
}

// Senders are what a bus knows of the other senders.
type Senders struct{ senders }

func NewSenders() *Senders {
	s := new(Senders)
	s.forget()
	return s
}

func (s *Senders) Missed(id string, number uint64, now time.Time) bool {
	return s.missed(id, number, now)
}
func (s *Senders) Overdue(now time.Time) bool { return s.overdue(now) }

// Held is how many senders and numbers are held.
func (s *Senders) Held() int {
	n := len(s.m)
	for _, one := range s.m {
		n += len(one.early)
	}
	return n
}

// SlotOf is the slot of a cluster that a key belongs to.
func SlotOf(key string) uint16 { return slotOf(key) }

// Milliseconds is a ttl as it is sent.
func Milliseconds(ttl time.Duration) int64 { return milliseconds(ttl) }
