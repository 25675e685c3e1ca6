package fragment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A draft is an entry that is about to be stored.
type draft struct {
	name   string
	key    string
	policy *Policy
	mark   uint64 // the moment before the value was computed
	view   view   // what was seen before that

	// of a fill
	known   []string // tags that were known before it
	lane    *lane
	turn    uint64
	settled bool  // it has an error, which was dealt with
	hung    *hung // the memory of its request

	// what was computed
	value  []byte
	err    error
	cost   time.Duration
	learnt // by its scope

	// what is stored
	entry   entry
	tags    []string
	stamped []stamped
	raw     []byte
	put     time.Time // when that began
	why     error     // it is not
}

// Why a draft is not stored.
var (
	errOutdated    = errors.New("invalidated while it was computed")
	errOverwritten = errors.New("its key was written or deleted while it was computed")
	errExpired     = errors.New("it expired before it was stored")
	errStalePart   = errors.New("it was built on a stale part")
	errUnheardPart = errors.New("it was built on a part from a fallback, and others would find it")
	errBackend     = errors.New("the backend failed")
	errNothing     = errors.New("the cache keeps nothing")
	errUnseen      = errors.New("what is invalidated could not be read before it was computed")
)

// vetoed is the reason that was given to DoNotStore.
type vetoed string

func (v vetoed) Error() string { return string(v) }

// isChosen reports whether it was the fill that chose not to have d stored.
func (d *draft) isChosen() bool {
	var veto vetoed
	return errors.As(d.why, &veto) || errors.Is(d.why, errExpired)
}

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
	case errors.Is(why, errStalePart), errors.Is(why, errUnheardPart):
		return "stale-part"
	case errors.Is(why, errNothing):
		return "null"
	case errors.Is(why, errTransform):
		return "transform"
	case errors.Is(why, errBackend), errors.Is(why, errUnseen):
		return "backend"
	}
	return "tags"
}

// take takes over what a fill returned for d.
func (d *draft) take(f *Filled) {
	d.value, d.err, d.cost = f.Value, f.Err, cmp.Or(f.took, d.cost)
	if f.own != nil {
		d.learnt = *f.own
	}
	if len(f.Tags) > 0 {
		d.learnt.tags = slices.Concat(d.learnt.tags, f.Tags)
	}
	d.learnt.setTTL(f.TTL)
	d.skip = cmp.Or(d.skip, f.Skip)
}

// addKnown adds the tags that were known before the fill to those that it told.
func (d *draft) addKnown() {
	told := d.learnt.tags
	for _, tag := range d.known {
		if !slices.Contains(told, tag) {
			d.learnt.tags = slices.Concat(d.learnt.tags, []string{tag})
		}
	}
}

// live sets the tags and deadlines of a draft that was computed just now.
func (c *core) live(d *draft) {
	now := time.Now().UnixNano()
	d.tags = c.tagsOf(d.policy, d.learnt.tags)
	p := *d.policy
	p.TTL = cmp.Or(d.ttl, p.TTL)
	d.entry.created, d.entry.cost = now, d.cost
	d.entry.fresh = min(p.freshUntil(now), d.limit)
	if !p.IgnoreInner {
		d.entry.fresh = min(d.entry.fresh, d.parts)
	}
	d.entry.fresh = p.within(now, d.entry.fresh)
	d.entry.dead = p.within(now, p.deadUntil(d.entry.fresh))
	if errors.Is(d.err, ErrNotFound) {
		d.negate(d.err)
	}
}

// tagsOf puts together the tags of the Cache, of the call and of the parts.
func (c *core) tagsOf(p *Policy, parts []string) []string {
	tags := make([]string, 0, len(c.policy.Tags)+len(p.Tags)+len(parts))
	for _, some := range [][]string{c.policy.Tags, p.Tags} {
		for _, tag := range some {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	own := tags
	for _, tag := range parts {
		if !slices.Contains(own, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// negate makes d the answer that there is nothing, in the words of err.
func (d *draft) negate(err error) {
	d.value, d.beside = []byte(err.Error()), nil
	d.value = d.value[:min(len(d.value), maxErrorText)]
	d.entry.negative = true
	if ttl := d.policy.notFoundTTL(); ttl > 0 {
		d.entry.fresh = min(d.entry.fresh, later(d.entry.created, ttl))
	}
	d.entry.dead = d.entry.fresh
}

// part is what a draft tells the scope around.
func (d *draft) part() part {
	return part{fresh: d.entry.fresh, stale: d.stale, unheard: d.unheard, tags: d.tags}
}

// seal encodes a draft, or notes why it is not to be stored. It returns a copy
// of the value either way.
func (c *core) seal(ctx context.Context, d *draft) (value []byte) {
	d.why = c.reject(d)
	if d.why == nil {
		d.why = c.stamp(ctx, d)
	}
	if d.why != nil {
		value = make([]byte, len(d.value)) // without room behind it: it is shared
		copy(value, d.value)
		return value
	}
	raw, value := d.entry.encode(c.bound(d.key), d.name, d.stamped, d.value)
	d.raw, d.why = c.sealed(d.key, raw)
	return value
}

// reject tells what speaks against storing a draft, or nil.
func (c *core) reject(d *draft) error {
	switch {
	case d.veto != "" || d.skip != "":
		return vetoed(cmp.Or(d.veto, d.skip))
	case c.nothing:
		return errNothing
	case d.stale:
		return errStalePart
	case d.unheard && c.shared != nil:
		return errUnheardPart
	case d.entry.fresh <= d.entry.created:
		return errExpired
	case c.maxValue > 0 && d.largest() > c.maxValue:
		return fmt.Errorf("%w: %d bytes, and Options.MaxValue is %d", ErrTooLarge, d.largest(), c.maxValue)
	case uint64(d.largest()) > maxValue:
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, d.largest())
	case len(d.tags) > maxTags:
		return fmt.Errorf("it has %d tags, and an entry holds at most %d", len(d.tags), maxTags)
	}
	return checkTags(d.tags)
}

// largest is the size of the largest value that is to be stored: its own or that
// of a companion.
func (d *draft) largest() int {
	size := len(d.value)
	for _, one := range d.beside {
		size = max(size, len(one.value))
	}
	return size
}

// stamp gives each tag of a draft its stamp, or reports that one of them was
// invalidated since the draft's mark.
func (c *core) stamp(ctx context.Context, d *draft) error {
	var ok bool
	if d.entry.clear, ok = c.stamps.since(c.clearOf(d.key), d.mark); !ok {
		return errOutdated
	}
	d.stamped = make([]stamped, len(d.tags))
	for i, tag := range d.tags {
		t := &d.stamped[i]
		t.tag, t.slot = tag, c.stamps.slotOf(tag)
		if t.stamp, ok = c.stamps.since(t.slot, d.mark); !ok {
			return errOutdated
		}
	}
	if c.shared != nil {
		return c.stampShared(ctx, d)
	}
	return nil
}
