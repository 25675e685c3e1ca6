package fragment_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// How the model changes and announces, and what it does that must not bring
// anything back.

// change makes a new version of a row and announces it.
func (p *process) change() {
	i, ctx := rand.IntN(len(p.rows)), p.t.Context()
	if i >= p.keyed {
		p.changeKeyed(ctx, i)
		return
	}
	v := p.rows[i].version.Add(1)
	var err error
	if rand.IntN(10*len(p.rows)) == 0 {
		if err = p.caches.Clear(ctx); err != nil && p.partly {
			return // others may make anew, of what was not told, what this process finds where it was
		}
	} else {
		err = p.caches.InvalidateTags(ctx, tagOf(i), tagOf(p.anyRow()))
	}
	for _, s := range p.sites {
		s.announced(i, v, err)
	}
}

// changeKeyed does it for a row that is freed by its key, on each site by
// itself. What is set must be newer than what was: the writers take turns.
func (p *process) changeKeyed(ctx context.Context, i int) {
	row := &p.rows[i]
	row.mu.Lock()
	defer row.mu.Unlock()
	v := row.version.Add(1)
	for _, s := range p.sites {
		var err error
		how := rand.IntN(3)
		switch how {
		case 0:
			err = s.loaders.Set(ctx, loaderKey(i), rowText(i, v), p.policy())
		case 1:
			err = s.loaders.SetMany(ctx, map[fragment.Key][]byte{loaderKey(i): rowText(i, v), fragment.KeyOf("other"): nil}, p.policy())
		default:
			err = s.loaders.Delete(ctx, loaderKey(p.anyRow()), loaderKey(i))
		}
		if s.falls && how < 2 {
			err = cmp.Or(err, errLent)
		}
		s.announced(i, v, err)
	}
}

// errLent stands for what a Set that fell back has told nobody.
var errLent = errors.New("it may have been set in the fallback alone")

// lateness is after which time a site that falls back has to show what others have
// announced: some times the life of what it holds, as pages are made of blocks and
// blocks of rows, and what their fills may take.
const lateness = 2 * time.Second

// announced raises the floors after an announcement. A process serves nothing
// from before it, also if the store that it shares could not be told; then the
// others may.
func (s *site) announced(row int, v int64, err error) {
	if err == nil && s.shared {
		rise(&s.rows[row].floor, v)
		time.AfterFunc(lateness, func() { rise(&s.rows[row].late, v) })
	}
	if err == nil || s.shared {
		rise(&s.floors[row], v)
	}
	s.seen.add("announced")
	if err != nil {
		s.seen.add("announced in vain")
	}
}

// fiddle does what must not bring anything back.
func (p *process) fiddle() {
	s, ctx := p.sites[rand.IntN(len(p.sites))], p.t.Context()
	c, k := s.loaders, loaderKey(rand.IntN(len(p.rows)))
	if rand.IntN(3) == 0 {
		a, b := p.pair()
		c, k = s.pages, fragment.KeyOf(oneOf("block", "page"), a, b)
	}
	if rand.IntN(2) == 0 {
		if ok, _ := c.Touch(ctx, k, p.policy()); ok {
			p.seen.add("touched")
		}
		return
	}
	if ok, _ := c.Has(ctx, k); ok && c.Expire(ctx, k) == nil {
		p.seen.add("expired")
	}
}

// always is what has to happen in a run of the model.
var always = []string{
	"asked", "announced", "touched", "expired", "a fill of several",
	"hit", "fill: there is nothing", "hit: the error of a fill a moment ago", "miss", "wait",
	"stale: another caller refills", "stale: it is refilled in the background", "stale: the refill takes long",
	"stale: the refill failed", "stale: a refill failed or was too slow a moment ago",
	"store", "skip: do not store", "skip: skip store", "skip: skip one of many", "skip: it was built on a stale part",
	"skip: it expired before it was stored", "skip: invalidated while it was computed",
	"skip: its key was written or deleted while it was computed",
	"invalidate: tags", "invalidate: clear", "invalidate: delete",
}

// observeFallback counts an event of a cache that others fall back to.
func (c *tally) observeFallback(_ context.Context, e fragment.Event) {
	c.add("fallback: " + e.Kind.String())
}

// observe counts an event by its kind and reason.
func (c *tally) observe(_ context.Context, e fragment.Event) {
	what := e.Kind.String()
	switch {
	case e.Kind == fragment.EventHit && e.Reason == "near":
		what += ": near"
	case e.Kind == fragment.EventFill && errors.Is(e.Err, fragment.ErrNotFound):
		what += ": there is nothing"
	case e.Kind == fragment.EventFault:
		what += ": " + e.Reason
	case e.Reason != "":
		what += ": " + e.Reason
	}
	c.add(what)
}
