package fragment

import (
	"context"
	"time"
)

// An Info is what an entry tells of itself, for development aids.
type Info struct {
	Fresh   bool          // or else stale: past its TTL, and still of use
	Created time.Time     // when it was stored
	Life    time.Duration // from then until it is stale, at most Forever
	Cost    time.Duration // what the fill took, in whole microseconds
	Size    int           // bytes of the value
	Tags    []string      // in no order
}

// Info returns what the entry of k tells of itself. A miss is ok == false, and so
// is an answer that there is nothing. It counts as no lookup.
func (c *Cache) Info(ctx context.Context, k Key) (i Info, ok bool, err error) {
	if other := c.instead(k); other != nil {
		return other.Info(ctx, k)
	}
	if err := k.Err(); err != nil {
		return i, false, err
	}
	core, err := c.open()
	if err == ErrNotOpen {
		c.warnUnopened(ctx)
		return i, false, nil
	}
	if err != nil {
		return i, false, err
	}
	var e entry
	found := core.lookup(ctx, k.name, core.key(k), &e)
	if found == missing || e.negative {
		return i, false, nil
	}
	return e.info(found), true, nil
}

func (e *entry) info(found state) Info {
	i := Info{Fresh: found == fresh, Created: time.Unix(0, e.created), Life: until(e.fresh, e.created), Cost: e.cost, Size: len(e.value)}
	rest := e.tags
	for range e.ntags {
		tag, _, _, after, ok := nextTag(rest)
		if !ok {
			break
		}
		i.Tags, rest = append(i.Tags, string(tag)), after
	}
	return i
}
