package fragment

import "time"

// A view is what was seen before a fill: the stamps, and that of its own key.
// In a Backend of this process there is nothing to see, and at is nil, as it is
// where the Backend could not be read.
type view struct {
	order uint64 // of the looks and the fills of this process, each when it began
	at    *sight
	own   uint64
	lasts time.Duration // how long own stays at least, as far as is known
	guard guard         // of a copy to be kept near
	read  bool          // the answer was read with it, not made after it
	hung  []*shard      // those for which the look waited in vain
}

// agree reports whether an answer, of key, made of what v saw may be given to one
// who saw other: it was begun after he asked, or nothing that concerns tags was
// invalidated between the two. Who could not read the Backend does not know, nor
// does anybody where the Backend takes no writes: what has no stamp stays without
// one, whatever is deleted.
//
// The same epoch says that nothing was, of the tags on its shard, but not of what
// was read: a Backend that reads one key after the other may show an entry from
// before an invalidation, and then the epoch from after it.
func (c *core) agree(key string, v, other view, tags []string) bool {
	switch {
	case v.order >= other.order:
		return true
	case v.at == nil || other.at == nil:
		return false
	case v.own == 0 || v.own != other.own:
		return false
	}
	clear := c.clearOf(key)
	if stamp := v.at.of(clear); stamp == 0 || stamp != other.at.of(clear) {
		return false
	}
	for _, tag := range tags {
		slot := c.stamps.slotOf(tag)
		if !v.at.sameAs(other.at, slot) && (v.read || !v.at.sameAs(other.at, epochSlotOf(c.shared.noOfSlot(slot)))) {
			return false
		}
	}
	return true
}

// sameAs reports whether s and other saw the same stamp of a slot.
func (s *sight) sameAs(other *sight, slot slotNo) bool {
	stamp := s.of(slot)
	return isStamp(stamp) && stamp == other.of(slot)
}

// order is that of a look, or of a fill, that begins now.
func (c *core) order() uint64 {
	if c.shared == nil {
		return 0
	}
	return c.shared.looks.Add(1)
}
