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
	hung  bool          // the look waited for the Backend in vain
}

// agrees reports whether an answer made of what v saw may be given to one who
// saw other: it was begun after he asked, or nothing that concerns tags was
// invalidated between the two. Who could not read the Backend does not know, nor
// does anybody where the Backend takes no writes: what has no stamp stays without
// one, whatever is deleted.
//
// The same epoch says that nothing was, but not of what was read: a Backend that
// reads one key after the other may show an entry from before an invalidation,
// and then the epoch from after it.
func (v view) agrees(other view, s *stamps, tags []string) bool {
	switch {
	case v.order >= other.order:
		return true
	case v.at == nil || other.at == nil:
		return false
	case v.own == 0 || v.own != other.own:
		return false
	case v.at.of(clearSlot) == 0 || v.at.of(clearSlot) != other.at.of(clearSlot):
		return false
	}
	if epoch := v.at.of(epochSlot); !v.read && isStamp(epoch) && epoch == other.at.of(epochSlot) {
		return true
	}
	for _, tag := range tags {
		slot := s.slotOf(tag)
		if stamp := v.at.of(slot); !isStamp(stamp) || stamp != other.at.of(slot) {
			return false
		}
	}
	return true
}

// order is that of a look, or of a fill, that begins now.
func (c *core) order() uint64 {
	if c.shared == nil {
		return 0
	}
	return c.shared.looks.Add(1)
}
