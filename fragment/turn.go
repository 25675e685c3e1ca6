package fragment

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// A turn is one use of an Ahead, which travels in ctx. What it has fetched is no
// more than a read that was done early, so it must be told from one that is done
// now in nothing but what others have changed in the last moment:
//
//	its deadline may have passed since               it is judged again, when it is used
//	this process may have invalidated its tags       their stamps must not have moved since
//	this process may have written or deleted it      writes of its key are counted
//	others may have, and a Watcher has told so       as of what is kept near: see guard
//
// A fill is made of what it reads after it began. What a turn fetched before that
// is of no use to it:
//
//	a turn fetches a part;
//	another process invalidates a tag of it;
//	a fill begins inside of the turn, and sees the stamp of the tag as it is now;
//	it uses the part, and is stored under that stamp, made of what was before
//
// Hence a turn serves only those who ask in the very scope that it began in. The
// fill around a turn, if there is one, began before that: it has the stamps from
// before.
type turn struct {
	around *scope

	mu    sync.Mutex
	asked []place            // guarded by mu, as what follows; each once
	seen  map[place]struct{} // the same
	have  map[place]*fetched // and not used
	ended bool
}

// A fetched entry was fresh when it was read.
type fetched struct {
	entry
	began  time.Time // before it was read, as what follows
	mark   uint64
	writes uint64
	guard  guard
}

type turnKey struct{}

// end ends the turn, and returns what was asked for.
func (t *turn) end() []place {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.have = true, nil
	return t.asked
}

// fetch reads places, those of each cache at once. Nobody holds t.mu meanwhile.
func (t *turn) fetch(ctx context.Context, places []place) {
	for len(places) > 0 {
		c := places[0].core
		var own, rest []place
		for _, p := range places {
			if p.core == c {
				own = append(own, p)
				continue
			}
			rest = append(rest, p)
		}
		t.keep(c.fetchAhead(ctx, t.around, own))
		places = rest
	}
}

func (t *turn) keep(got map[place]*fetched) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	for p, f := range got {
		t.have[p] = f
	}
}

// fetchAhead reads what is fresh of places of c, all of them at once.
func (c *core) fetchAhead(ctx context.Context, around *scope, places []place) map[place]*fetched {
	if len(places) < leastToFetch || c.closed.Load() || c.isDown() {
		return nil
	}
	asks := c.notNear(ctx, around, asksFor(len(places), func(i int) (name, key string) { return places[i].name, places[i].key }), nil)
	if len(asks) < leastToFetch {
		return nil
	}
	began, mark, writes := time.Now(), c.stamps.mark(), make([]uint64, len(asks))
	for i, a := range asks {
		writes[i] = c.shared.writes.of(a.key)
	}
	c.look(ctx, nil, false, asks)
	got := make(map[place]*fetched, len(asks))
	for i, a := range asks {
		if a.found == fresh {
			got[place{c, a.name, a.key}] = &fetched{*a.e, began, mark, writes[i], a.view.guard}
		}
	}
	return got
}

// isAhead finds the entry of key in what the turn of ctx has fetched, if there is
// one and that may be used.
func (c *core) isAhead(ctx context.Context, around *scope, name, key string, e *entry) bool {
	if c.shared == nil {
		return false
	}
	t, _ := ctx.Value(turnKey{}).(*turn)
	if t == nil || t.around != around {
		return false
	}
	p := place{c, name, key}
	f, again := t.take(p)
	if again != nil {
		t.fetch(ctx, again)
		f, _ = t.take(p)
	}
	if f == nil || !c.isStill(key, f) {
		return false
	}
	*e = f.entry
	return true
}

// take notes that p is asked for, and takes out what was fetched. If that has been
// here for too long, so has all the rest: again are the places to fetch anew.
func (t *turn) take(p place) (f *fetched, again []place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return nil, nil
	}
	if _, again := t.seen[p]; !again && len(t.asked) < maxAhead && len(p.name)+len(p.key) <= maxAheadKey {
		t.asked, t.seen[p] = append(t.asked, p), struct{}{}
	}
	f = t.have[p]
	delete(t.have, p)
	if f == nil || time.Since(f.began) < aheadFor {
		return f, nil
	}
	again = append(again, p)
	for other := range t.have {
		again = append(again, other)
	}
	clear(t.have)
	return nil, again
}

// isStill reports whether nothing is known to have changed since f was fetched.
func (c *core) isStill(key string, f *fetched) bool {
	if time.Since(f.began) >= aheadFor || time.Now().UnixNano() >= f.fresh || c.isDownAt(key) || c.closed.Load() {
		return false
	}
	if c.shared.writes.of(key) != f.writes || c.near.guard(key) != f.guard || c.shared.debts.owes(key) {
		return false
	}
	if _, ok := c.stamps.since(c.clearOf(key), f.mark); !ok {
		return false
	}
	return f.eachTag(func(_ []byte, slot slotNo, _ uint64) bool {
		_, ok := c.stamps.since(slot, f.mark)
		return ok
	})
}

// writes count what this process has written or deleted, when it has: of several
// keys each, which costs a trip at most.
type writes struct {
	seed   maphash.Seed
	counts [1 << 10]atomic.Uint64
}

func (w *writes) at(key string) *atomic.Uint64 {
	return &w.counts[maphash.String(w.seed, key)%uint64(len(w.counts))]
}

func (w *writes) of(key string) uint64 { return w.at(key).Load() }

// wrote sees to it that nothing that was read of keys before is used any more.
func (c *core) wrote(ctx context.Context, keys ...string) {
	if c.shared != nil {
		for _, key := range keys {
			c.shared.writes.at(key).Add(1)
		}
	}
	c.near.drop(ctx, keys...)
}
