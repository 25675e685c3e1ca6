package fragment

import (
	"errors"
	"fmt"
	"time"
)

// A draft is an entry that is about to be stored.
type draft struct {
	name    string
	key     string
	value   []byte
	cost    time.Duration
	mark    uint64 // the moment before the value was computed
	refresh bool   // it outdates the fills that began before it
	tags    []string
	beside  []companion
	entry   entry
	stamped []stamped
}

// Why a draft is not stored.
var (
	errOutdated    = errors.New("invalidated while it was computed")
	errOverwritten = errors.New("its key was written or deleted while it was computed")
	errExpired     = errors.New("it expired before it was stored")
	errStalePart   = errors.New("it was built on a stale part")
	errBackend     = errors.New("the backend failed")
	errNothing     = errors.New("the cache keeps nothing")
)

// vetoed is the reason that was given to DoNotStore.
type vetoed string

func (v vetoed) Error() string { return string(v) }

// wordFor is a reason in one word, for places that are public: the text of a
// reason may come from a Backend or from the fill, and tell who knows what.
func wordFor(why error) string {
	var veto vetoed
	switch {
	case errors.As(why, &veto):
		return "do-not-store"
	case errors.Is(why, ErrTooLarge):
		return "too-large"
	case errors.Is(why, errOutdated), errors.Is(why, errOverwritten):
		return "outdated"
	case errors.Is(why, errExpired):
		return "expired"
	case errors.Is(why, errStalePart):
		return "stale-part"
	case errors.Is(why, errNothing):
		return "null"
	case errors.Is(why, errBackend):
		return "backend"
	}
	return "tags"
}

// live sets the deadlines of a draft that was computed at now, inside of s if
// that is not nil.
func (d *draft) live(p Policy, s *scope, now int64) {
	d.entry.created = now
	d.entry.cost = d.cost
	d.entry.fresh = p.freshUntil(now)
	if s != nil {
		d.entry.fresh = min(d.entry.fresh, s.limit)
		if !p.IgnoreInner {
			d.entry.fresh = min(d.entry.fresh, s.parts)
		}
	}
	d.entry.dead = p.deadUntil(d.entry.fresh)
}

// part is what a draft computed inside of s tells the scope around.
func (d *draft) part(s *scope) part {
	return part{fresh: d.entry.fresh, stale: s.stale, tags: d.tags}
}

// seal encodes a draft, or tells why it is not to be stored. The value is
// copied either way.
func (c *core) seal(d *draft, s *scope) (raw, value []byte, why error) {
	why = c.reject(d, s)
	if why == nil {
		d.entry.clear, d.stamped, why = c.stamp(d)
	}
	if why != nil {
		value = make([]byte, len(d.value)) // without room behind it: it is shared
		copy(value, d.value)
		return nil, value, why
	}
	raw, value = d.entry.encode(c.bound(d.key), d.name, d.stamped, d.value)
	return raw, value, nil
}

// reject tells what speaks against storing a draft, or nil.
func (c *core) reject(d *draft, s *scope) error {
	switch {
	case s != nil && s.veto != "":
		return vetoed(s.veto)
	case c.nothing:
		return errNothing
	case s != nil && s.stale:
		return errStalePart
	case d.entry.fresh <= d.entry.created:
		return errExpired
	case c.maxValue > 0 && len(d.value) > c.maxValue:
		return fmt.Errorf("%w: %d bytes, and Options.MaxValue is %d", ErrTooLarge, len(d.value), c.maxValue)
	case uint64(len(d.value)) > maxValue:
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(d.value))
	case len(d.tags) > maxTags:
		return fmt.Errorf("it has %d tags, and an entry holds at most %d", len(d.tags), maxTags)
	}
	return checkTags(d.tags)
}

// stamp gives each tag of a draft its stamp, or reports that one of them was
// invalidated since the draft's mark.
func (c *core) stamp(d *draft) (clear uint64, tags []stamped, err error) {
	clear, ok := c.stamps.since(&c.stamps.clear, d.mark)
	if !ok {
		return 0, nil, errOutdated
	}
	tags = make([]stamped, len(d.tags))
	for i, tag := range d.tags {
		t := &tags[i]
		t.tag, t.slot = tag, c.stamps.slotOf(tag)
		if t.stamp, ok = c.stamps.since(c.stamps.at(t.slot), d.mark); !ok {
			return 0, nil, errOutdated
		}
	}
	return clear, tags, nil
}
