package fragment

import (
	"errors"
	"strconv"
	"strings"
)

// Sharder is the ability of a Backend that is made of several stores which fail
// independently, such as several servers among which keys are spread. The engine
// then asks each store by itself, side by side, and leaves one alone that fails in a
// row: what lies on the others goes on being served and stored. What judges an
// entry lies with it: see shared.
type Sharder interface {
	// Shards returns the stores, always the same ones in the same order. Each can do
	// what the whole can. The engine does not close them, but the whole. Fewer than two
	// mean that the Backend is no Sharder after all; so may a wrapper say.
	Shards() []Backend

	// ShardOf returns the index of the store that has key, which must follow from the
	// key by a hash that gives each store a share. All processes must find a key in the
	// same store, in whatever order they have the stores.
	ShardOf(key string) int
}

// shardsOf returns the stores that b is made of, and what tells whose a key is: b
// alone, and nil, if it is no Sharder.
func shardsOf(b Backend) (shards []Backend, shardOf func(key string) int) {
	if s, ok := b.(Sharder); ok {
		if shards = s.Shards(); len(shards) > 1 {
			return shards, func(key string) int { return shardIn(s, key, len(shards)) }
		}
	}
	return []Backend{b}, nil
}

// shardIn is the shard of key. A Sharder that is wrong about it costs misses.
func shardIn(s Sharder, key string, count int) (no int) {
	err := guarded(func() error {
		no = s.ShardOf(key)
		return nil
	})
	if err != nil || no < 0 || no >= count {
		return 0
	}
	return no
}

// A shard is one store of a Backend, or the whole of one that is no Sharder.
type shard struct {
	no      int
	backend Backend
	breaker *breaker
	clear   string // the keys of the stamps that are read most
	epoch   string
}

// The slots of Clear and of the epoch, of each shard.
func clearSlotOf(no int) slotNo { return clearSlot - 2*slotNo(no) }
func epochSlotOf(no int) slotNo { return epochSlot - 2*slotNo(no) }

// firstOwnSlot is above those of tags.
const firstOwnSlot = slotNo(1 << 31)

// isSplit reports whether there are several shards.
func (s *shared) isSplit() bool { return len(s.shards) > 1 }

// at returns the shard that has key.
func (s *shared) at(key string) *shard {
	if !s.isSplit() {
		return s.shards[0]
	}
	return s.shards[s.shardOf(key)]
}

// noOf is the number of the shard that has key.
func (s *shared) noOf(key string) int {
	if !s.isSplit() {
		return 0
	}
	return s.shardOf(key)
}

// noOfSlot is the number of the shard that holds the stamp of a slot.
func (s *shared) noOfSlot(slot slotNo) int {
	switch {
	case !s.isSplit():
		return 0
	case slot >= firstOwnSlot:
		return int(clearSlot-slot) / 2
	}
	return s.shardOf(s.keyOfSlot(slot))
}

// maxPins is how many names are tried to find one that lies on a shard. If a Sharder
// gives that one no share, its stamps lie elsewhere, and it does not fail alone.
const maxPins = 1000

// pinned is the first of before+after, before+"1"+after, before+"2"+after and so on
// that lies on that shard: the same in all processes, whatever their order of shards.
func (s *shared) pinned(no int, before, after string) string {
	first := before + after
	for n, name := 1, first; s.isSplit() && n <= maxPins; n++ {
		if s.shardOf(name) == no {
			return name
		}
		name = before + strconv.Itoa(n) + after
	}
	return first
}

// entryOf is the key of which a stamp, whose name begins behind the prefix, is.
func (s *shared) entryOf(name string) (key string, ok bool) {
	number, key, ok := strings.Cut(strings.TrimPrefix(name, "k"), "|")
	if !ok || name[0] != 'k' || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	return key, true
}

// clearOf is the slot of Clear by which the entry of key is judged.
func (c *core) clearOf(key string) slotNo {
	if c.shared == nil || !c.shared.isSplit() {
		return clearSlot
	}
	return clearSlotOf(c.shared.shardOf(key))
}

// shardNo is what an Event calls a shard.
func (c *core) shardNo(one *shard) int {
	if !c.isSplit() {
		return 0
	}
	return one.no + 1
}

// isSplit reports whether the Backend is a Sharder.
func (c *core) isSplit() bool { return c.shared != nil && c.shared.isSplit() }

// isDown reports whether the Backend is not to be read: no shard of it.
func (c *core) isDown() bool {
	if c.shared == nil {
		return false
	}
	for _, one := range c.shared.shards {
		if one.breaker.now() == closed {
			return false
		}
	}
	return true
}

// isDownAt reports whether the shard of each of keys is not to be read.
func (c *core) isDownAt(keys ...string) bool {
	if !c.isSplit() || len(keys) == 0 {
		return c.isDown()
	}
	for _, key := range keys {
		if c.shared.at(key).breaker.now() == closed {
			return false
		}
	}
	return true
}

// shardErrors is the error of a call that was split: that of each shard, or nil. One
// at least is not nil.
type shardErrors []error

// Error leaves out shards that were not asked, if others were.
func (e shardErrors) Error() string {
	var texts []string
	for _, err := range e {
		if err != nil && (e.isDown() || !errors.Is(err, ErrDown)) {
			texts = append(texts, err.Error())
		}
	}
	return strings.Join(texts, "\n")
}

// Unwrap returns those that are not nil.
func (e shardErrors) Unwrap() (some []error) {
	for _, err := range e {
		if err != nil {
			some = append(some, err)
		}
	}
	return some
}

// isDown reports whether those that failed were not asked.
func (e shardErrors) isDown() bool {
	for _, err := range e {
		if err != nil && !errors.Is(err, ErrDown) {
			return false
		}
	}
	return true
}

// isErrDown reports whether err says no more than that nobody was asked.
func isErrDown(err error) bool {
	var each shardErrors
	if errors.As(err, &each) {
		return each.isDown()
	}
	return errors.Is(err, ErrDown)
}

// failedAt reports whether err is of the shard of that number: also if it does not
// tell of whom it is.
func failedAt(err error, no int) bool {
	if each, ok := err.(shardErrors); ok { // not one that it wraps: that may be of another cache
		return each[no] != nil
	}
	return err != nil
}

// failedBy returns the shards of which err is.
func (s *shared) failedBy(err error) (some []*shard) {
	for _, one := range s.shards {
		if failedAt(err, one.no) {
			some = append(some, one)
		}
	}
	return some
}

// failedAll reports whether err is of all that were asked, which had these keys.
func (s *shared) failedAll(err error, keys []string) bool {
	each, ok := err.(shardErrors)
	if !ok {
		return err != nil
	}
	for _, key := range keys {
		if each[s.noOf(key)] == nil {
			return false
		}
	}
	return true
}
