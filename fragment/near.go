package fragment

import (
	"context"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// near keeps copies of entries of a Backend that others use too, in the memory of
// this process, so that most hits need no trip.
//
// What is here carries the stamps of this process instead of those of the Backend:
// whatever this process invalidates is gone here too. What others do is told by
// the Backend, if it is a Watcher (see changed), and otherwise only the deadline
// of the copy bounds for how long it may be out of date.
//
// Word of a change comes a moment after the change. That must not become more
// than a moment: a fill made of a copy that is out of date would be stored as if
// it were made of what is there now. So a fill reads the Backend, never what is
// near.
type near struct {
	backend Backend
	ttl     time.Duration
	jitter  float64
	watched bool
	flushes atomic.Uint64 // how often everything was dropped
	seed    maphash.Seed
	shards  [64]nearShard
}

// A nearShard keeps what is read from the Backend from being kept after it was
// changed there:
//
//	a reader gets an entry from the Backend;
//	the entry changes, and its copy is dropped;
//	the reader keeps a copy of what it got
//
// The reader notes the counts before it asks, and they must be the same when it
// writes.
type nearShard struct {
	mu     sync.Mutex    // held while a copy is written or dropped
	others atomic.Uint64 // changes by others; written with mu held, as what follows
	own    atomic.Uint64 // changes by this process
}

// A guard is what was counted before the Backend was asked.
type guard struct{ flushes, others, own uint64 }

func newNear(o *Options) *near {
	return &near{backend: o.Near, ttl: o.NearTTL, jitter: o.NearJitter, seed: maphash.MakeSeed()}
}

func (n *near) shard(key string) *nearShard {
	return &n.shards[maphash.String(n.seed, key)%uint64(len(n.shards))]
}

// guard returns the counts of now; without near the zero value will do.
func (n *near) guard(key string) guard {
	if n == nil {
		return guard{}
	}
	s := n.shard(key)
	return guard{n.flushes.Load(), s.others.Load(), s.own.Load()}
}

// drop forgets the copies of what this process is changing, or has just changed.
func (n *near) drop(ctx context.Context, keys ...string) {
	if n == nil {
		return
	}
	for _, key := range keys {
		s := n.shard(key)
		n.dropOne(ctx, s, &s.own, key)
	}
}

func (n *near) dropOne(ctx context.Context, s *nearShard, count *atomic.Uint64, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count.Add(1)
	n.remove(ctx, key)
}

func (n *near) remove(ctx context.Context, key string) {
	if guarded(func() error { return n.backend.Delete(ctx, key) }) != nil {
		n.flushes.Add(1) // better all than one that may still be there
	}
}

// isNear finds a fresh copy of the entry of key, for one who fills nothing.
func (c *core) isNear(ctx context.Context, around *scope, key string, e *entry) bool {
	if c.near == nil || around != nil {
		return false
	}
	raw, ok, err := c.near.get(ctx, key)
	if err != nil || !ok || !decodeEntry(raw, "", false, e) {
		return false
	}
	if c.observe != nil {
		e.asked = time.Now()
	}
	e.near = true
	return time.Now().UnixNano() < e.dead && e.own == c.near.flushes.Load() && !c.shared.debts.owes(key) && e.valid(c.stamps, c.clearOf(key))
}

// notNear returns those of asks that are not answered by what is near. With p they
// are for a fill, if they are to be refreshed or refilled early.
func (c *core) notNear(ctx context.Context, around *scope, asks []*ask, p *Policy) []*ask {
	if c.near == nil || around != nil || p != nil && p.Refresh {
		return asks
	}
	var rest []*ask
	for _, a := range asks {
		if c.isNear(ctx, around, a.key, a.e) && (p == nil || !p.isEarly(a.e)) {
			a.found = fresh
			continue
		}
		*a.e = entry{}
		rest = append(rest, a)
	}
	return rest
}

func (n *near) get(ctx context.Context, key string) (raw []byte, ok bool, err error) {
	defer caught(&err)
	return n.backend.Get(ctx, key)
}

// keepRead keeps a copy of e, which the Backend held when it was asked after g and
// mark were noted.
func (c *core) keepRead(ctx context.Context, key string, e *entry, mark uint64, g guard) {
	if c.near == nil {
		return
	}
	tags, ok := make([]stamped, 0, e.ntags), true
	e.eachTag(func(tag []byte, slot slotNo, _ uint64) bool {
		t := stamped{tag: string(tag), slot: slot}
		t.stamp, ok = c.stamps.since(slot, mark)
		tags = append(tags, t)
		return ok
	})
	if !ok {
		return
	}
	s := c.near.shard(key)
	c.near.keep(ctx, key, c.copyOf(key, e, tags, mark, g), func() bool {
		return s.others.Load() == g.others && s.own.Load() == g.own
	})
}

// keepWritten keeps a copy of a draft that was just stored. The caller holds its
// lane, so that no write of this process came between.
func (c *core) keepWritten(ctx context.Context, d *draft) {
	if c.near == nil {
		return
	}
	tags := make([]stamped, len(d.tags))
	for i, tag := range d.tags {
		t, ok := &tags[i], false
		t.tag, t.slot = tag, c.stamps.slotOf(tag)
		if t.stamp, ok = c.stamps.since(t.slot, d.mark); !ok {
			return
		}
	}
	e := d.entry
	e.name, e.value = []byte(d.name), d.value
	s := c.near.shard(d.key)
	c.near.keep(ctx, d.key, c.copyOf(d.key, &e, tags, d.mark, d.view.guard), func() bool { return s.others.Load() == d.view.guard.others })
}

// copyOf returns a copy of e to be kept near, with a deadline of its own, or nil.
func (c *core) copyOf(key string, e *entry, tags []stamped, mark uint64, g guard) []byte {
	copied, ok := *e, false
	if copied.clear, ok = c.stamps.since(c.clearOf(key), mark); !ok {
		return nil
	}
	copied.own = g.flushes
	ttl := c.near.ttl
	if j := c.near.jitter; j > 0 {
		ttl -= time.Duration(rand.Float64() * j * float64(ttl))
	}
	copied.dead = min(e.fresh, later(time.Now().UnixNano(), ttl))
	raw, _ := copied.encode("", string(e.name), tags, e.value)
	return raw
}

// keep writes a copy, if unchanged says so while nothing can change.
func (n *near) keep(ctx context.Context, key string, raw []byte, unchanged func() bool) {
	if raw == nil {
		return
	}
	s := n.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !unchanged() {
		return
	}
	ctx = context.WithoutCancel(ctx) // it is in memory, and a copy that is half done would cost all
	if guarded(func() error { return n.backend.Set(ctx, key, raw, n.ttl) }) != nil {
		n.remove(ctx, key) // what was there before may remain
	}
}
