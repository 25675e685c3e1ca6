package fragment

import "time"

// Held counts what a Cache holds while it works, and has to let go of after that.
type Held struct {
	Lanes, Flights, Failures, Blocked, Tasks int
	OwedSlots, OwedKeys                      int
	Down                                     bool // its breaker is not closed
}

// IsIdle reports whether nothing is under way.
func (h Held) IsIdle() bool {
	h.Failures = 0 // are forgotten when they are in the way
	return h == Held{}
}

// HeldBy counts what c holds now.
func HeldBy(c *Cache) (h Held) {
	k := c.core.Load()
	for i := range k.lanes.shards {
		s := &k.lanes.shards[i]
		s.mu.Lock()
		h.Lanes += len(s.m)
		s.mu.Unlock()
	}
	for i := range k.failures.shards {
		s := &k.failures.shards[i]
		s.mu.Lock()
		h.Failures += len(s.m)
		s.mu.Unlock()
	}
	invalidating.Lock()
	h.Blocked = len(k.stamps.holds)
	invalidating.Unlock()
	k.background.mu.Lock()
	h.Tasks = k.background.many
	k.background.mu.Unlock()
	h.Flights = k.flights.Len()
	if k.shared != nil {
		d := &k.shared.debts
		d.mu.Lock()
		h.OwedSlots, h.OwedKeys = len(d.slots), len(d.keys)
		d.mu.Unlock()
		h.Down = k.isHurt()
	}
	return h
}

// ErrUnread is the error of a change to what could not be read.
var ErrUnread = errUnread

// ShortLife judges how long entries last.
func ShortLife(u Usage, written uint64, elapsed, ttl time.Duration) string {
	return shortLife(u, written, elapsed, ttl)
}

// ConfigOf returns the URL and the Options of each cache of a configuration.
func ConfigOf(r *Registry, text string) (urls map[string]string, options map[string]Options, err error) {
	caches, err := r.parseConfig([]byte(text))
	urls, options = make(map[string]string), make(map[string]Options)
	for _, one := range caches {
		urls[one.name], options[one.name] = one.url, one.options
	}
	return urls, options, err
}

// Expected is how many keys a remembers.
func Expected(a *Ahead) int { return len(a.expected()) }

// TextOf is what a Backend of a Cache without a prefix knows k by.
func TextOf(k Key) string { return k.text }

// StampKey is where it holds the stamp of tag.
func StampKey(tag string) string {
	s := &shared{prefix: "!"}
	return s.keyOfSlot(newStamps(true, 1).slotOf(tag))
}
