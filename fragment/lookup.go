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
	if c.shared == nil {
		found, _ := c.lookupLocal(ctx, name, key, e)
		return found
	}
	found, _ := c.lookupShared(ctx, name, key, nil, false, e)
	return found
}

// lookupToFill is lookup for one who is going to fill if nothing fresh is there,
// with tags that are known by now.
func (c *core) lookupToFill(ctx context.Context, name, key string, tags []string, e *entry) (state, view) {
	if c.shared == nil {
		found, _ := c.lookupLocal(ctx, name, key, e)
		return found, view{}
	}
	return c.lookupShared(ctx, name, key, tags, true, e)
}

// lookupShared copies the entry to e, which then need not leave the stack of
// those whose Backend is their own.
func (c *core) lookupShared(ctx context.Context, name, key string, tags []string, filling bool, e *entry) (state, view) {
	one := &struct { // all at once
		ask
		entry
		list [1]*ask
	}{ask: ask{name: name, key: key}}
	one.e, one.list[0] = &one.entry, &one.ask
	c.look(ctx, tags, filling, one.list[:])
	*e = one.entry
	return one.found, one.view
}

// lookupLocal reads an entry in a Backend of this process. The error is that of
// the Backend, and was told.
func (c *core) lookupLocal(ctx context.Context, name, key string, e *entry) (state, error) {
	if c.observe != nil {
		e.asked = time.Now()
	}
	raw, ok, err := c.get(ctx, key)
	if err != nil {
		if ctx.Err() == nil { // else it is the caller who gave up
			c.fault(ctx, name, "get", e.asked, err)
		}
		return missing, err
	}
	if !ok {
		return missing, nil
	}
	return c.judge(ctx, name, key, raw, e), nil
}

// lookupMany looks asks up in one trip; see look.
func (c *core) lookupMany(ctx context.Context, tags []string, filling bool, asks []*ask) {
	if len(asks) == 0 {
		return
	}
	if c.shared != nil {
		c.look(ctx, tags, filling, asks)
		return
	}
	if _, ok := c.backend.(ManyGetter); !ok {
		for _, a := range asks {
			a.found, _ = c.lookupLocal(ctx, a.name, a.key, a.e)
		}
		return
	}
	keys := make([]string, len(asks))
	for i, a := range asks {
		keys[i] = a.key
	}
	began := time.Now()
	raws, err := c.getMany(ctx, keys)
	if err != nil && ctx.Err() == nil {
		c.fault(ctx, "", "get many", began, err)
	}
	for _, a := range asks {
		a.e.asked = began
		if raw, ok := raws[a.key]; ok {
			a.found = c.judge(ctx, a.name, a.key, raw, a.e)
		}
	}
}

// judge decodes raw and tells what it is worth now, in a Backend of this process.
func (c *core) judge(ctx context.Context, name, key string, raw []byte, e *entry) state {
	if !c.decode(ctx, name, key, raw, e) {
		return missing
	}
	now := time.Now().UnixNano()
	switch {
	case now >= e.dead || !e.valid(c.stamps, clearSlot):
		return missing
	case now >= e.fresh:
		return stale
	}
	return fresh
}

// decode decodes what is stored under key, and tells if it is no entry.
func (c *core) decode(ctx context.Context, name, key string, raw []byte, e *entry) bool {
	for i := len(c.transforms) - 1; i >= 0; i-- {
		var err error
		if raw, err = openBy(c.transforms[i], key, raw); err != nil {
			c.fault(ctx, name, "decode", time.Time{}, err)
			return false
		}
	}
	if !decodeEntry(raw, c.bound(key), c.checked, e) {
		c.fault(ctx, name, "decode", time.Time{}, errNoEntry)
		return false
	}
	return true
}

// hit counts and tells that e was served, and to the scope around, that it is
// a part of what is being filled there.
func (c *core) hit(ctx context.Context, name string, e *entry, around *scope) ([]byte, error) {
	return c.hitOf(ctx, c.counts.of(name), name, e, around)
}

// hitOf is hit with the counts of name.
func (c *core) hitOf(ctx context.Context, n *nameCounters, name string, e *entry, around *scope) ([]byte, error) {
	n.hits.Add(1)
	n.saved.Add(int64(e.cost))
	if e.near {
		n.near.Add(1)
	}
	if c.observe != nil {
		c.tell(ctx, Event{Kind: EventHit, Name: name, Reason: e.place(), Size: len(e.value), Start: e.asked})
	}
	if around != nil {
		around.reportEntry(e, false)
	}
	return e.answer()
}

// place tells where an entry was found, if that is worth a word.
func (e *entry) place() string {
	if e.near {
		return "near"
	}
	return ""
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
