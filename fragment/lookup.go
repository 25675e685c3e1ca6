package fragment

import (
	"context"
	"time"
)

// state is what a lookup found.
type state int

const (
	missing state = iota
	stale         // past its TTL, and still of use
	fresh
)

// lookup reads the entry of a key. A fault of the Backend, and an entry that is
// corrupt, foreign, dead or invalidated, is missing.
func (c *core) lookup(ctx context.Context, name, key string, e *entry) state {
	raw, ok, err := c.get(ctx, key)
	if err != nil {
		if ctx.Err() == nil { // else it is the caller who gave up
			c.fault(ctx, name, "get", err)
		}
		return missing
	}
	if !ok {
		return missing
	}
	return c.judge(ctx, name, key, raw, e)
}

// judge decodes raw and tells what it is worth now.
func (c *core) judge(ctx context.Context, name, key string, raw []byte, e *entry) state {
	if !decodeEntry(raw, c.bound(key), e) {
		c.fault(ctx, name, "decode", errNoEntry)
		return missing
	}
	now := time.Now().UnixNano()
	switch {
	case now >= e.dead || !e.valid(c.stamps):
		return missing
	case now >= e.fresh:
		return stale
	}
	return fresh
}

// hit counts and tells that e was served, and to the scope around, that it is
// a part of what is being filled there.
func (c *core) hit(ctx context.Context, name string, e *entry, around *scope) ([]byte, error) {
	n := c.counts.of(name)
	n.hits.Add(1)
	n.saved.Add(int64(e.cost))
	if c.observe != nil {
		c.tell(ctx, Event{Kind: EventHit, Name: name, Size: len(e.value)})
	}
	if around != nil {
		around.reportEntry(e, false)
	}
	return e.answer()
}

// miss counts and tells that there was nothing fresh, unless a stale value may
// yet be served.
func (c *core) miss(ctx context.Context, name string, found state) {
	if found != missing {
		return
	}
	c.counts.of(name).misses.Add(1)
	if c.observe != nil {
		c.tell(ctx, Event{Kind: EventMiss, Name: name})
	}
}
