package fragment

import (
	"cmp"
	"context"
	"slices"
)

// A sight is what one look saw of the stamps. It does not change once others have
// it. A slot that is not known has the stamp 0, and so has one without a stamp.
type sight struct {
	known []slotStamp // in the order of their slots; at first few
	few   [6]slotStamp
	away  []bool // the shards that did not answer, whose slots are not known; nil if all did
}

type slotStamp struct {
	slot   slotNo
	wanted bool // a fill relies on it, not only an entry that was read
	stamp  uint64
}

// isAway reports whether the shard of that number did not answer.
func (s *sight) isAway(no int) bool { return s.away != nil && s.away[no] }

// forget forgets what is of shards that did not answer, as err says.
func (s *shared) forget(seen *sight, err error) *sight {
	if err == nil {
		return seen
	}
	seen.away = make([]bool, len(s.shards))
	for no := range seen.away {
		seen.away[no] = failedAt(err, no)
	}
	seen.known = slices.DeleteFunc(seen.known, func(t slotStamp) bool { return seen.away[s.noOfSlot(t.slot)] })
	return seen
}

// find returns where a slot is, or belongs.
func (s *sight) find(slot slotNo) (at int, known bool) {
	return slices.BinarySearchFunc(s.known, slot, func(t slotStamp, slot slotNo) int { return cmp.Compare(t.slot, slot) })
}

func (s *sight) of(slot slotNo) uint64 {
	if at, known := s.find(slot); known {
		return s.known[at].stamp
	}
	return 0
}

func (s *sight) knows(slot slotNo) bool {
	_, known := s.find(slot)
	return known
}

// without returns the wanted slots that have no stamp, as far as their shards have
// answered.
func (s *sight) without() (none []slotNo) {
	for _, one := range s.known {
		if one.wanted && one.stamp == 0 {
			none = append(none, one.slot)
		}
	}
	return none
}

// with returns s with the stamps from now where it has none.
func (s *sight) with(now *sight) *sight {
	both := &sight{known: slices.Clone(s.known), away: s.away}
	for i := range both.known {
		if one := &both.known[i]; one.stamp == 0 {
			one.stamp = now.of(one.slot)
		}
	}
	return both
}

// wanting returns s with slots, which are in order, as such that a fill relies on.
func (s *sight) wanting(slots []slotNo) *sight {
	wider := &sight{known: slices.Clone(s.known), away: s.away}
	for _, slot := range slots {
		at, known := wider.find(slot)
		if !known {
			wider.known = slices.Insert(wider.known, at, slotStamp{slot: slot})
		}
		wider.known[at].wanted = true
	}
	return wider
}

// add adds what another look saw of slots that s does not know.
func (s *sight) add(more *sight) {
	for i := range more.known {
		more.known[i].wanted = false
	}
	s.join(more)
}

// join adds what more saw, which nobody else has.
func (s *sight) join(more *sight) {
	s.known = append(s.known, more.known...)
	for no, is := range more.away {
		if s.away == nil {
			s.away = make([]bool, len(more.away))
		}
		s.away[no] = s.away[no] || is
	}
	slices.SortFunc(s.known, func(a, b slotStamp) int { return cmp.Compare(a.slot, b.slot) })
}

// keysOf returns where the Backend holds the stamps of slots.
func (s *shared) keysOf(slots []slotNo) []string { return s.appendKeysOf(nil, slots) }

func (s *shared) appendKeysOf(keys []string, slots []slotNo) []string {
	keys = slices.Grow(keys, len(slots))
	for _, slot := range slots {
		keys = append(keys, s.keyOfSlot(slot))
	}
	return keys
}

// sightOf is what values hold of slots, which are in order.
func sightOf(slots []slotNo, values [][]byte) *sight {
	seen := new(sight)
	seen.known = seen.few[:0] // which needs no place of its own
	for i, slot := range slots {
		seen.known = append(seen.known, slotStamp{slot, true, stampOf(values[i])})
	}
	return seen
}

// readStamps reads the stamps of slots, which nobody else has, by get: that is
// getMany, or getManyToWrite as a part of a write. If some shards fail and others
// do not it returns both an error and what those hold.
func (s *shared) readStamps(ctx context.Context, slots []slotNo, get func(context.Context, []string) (map[string][]byte, error)) (*sight, error) {
	slots = distinct(slots)
	keys := s.keysOf(slots)
	found, err := get(ctx, keys)
	if s.failedAll(err, keys) {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = found[key]
	}
	return s.forget(sightOf(slots, values), err), err
}

// distinct brings slots, which nobody else has, in their order, each once.
func distinct(slots []slotNo) []slotNo {
	slices.Sort(slots)
	return slices.Compact(slots)
}
