package fragment

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A request that has waited for a Backend in vain, for the whole budget of a read,
// does not do so again for a while: a page of many parts would take many budgets
// until the breaker opens. What it reads there is missing, and what it fills is
// not stored.

// hungFor is for how many budgets: a request that lasts waits for a small part of
// its time.
const hungFor = 10

// errHung is why a request does not store what it has filled.
var errHung = fmt.Errorf("%w: the request has waited for it in vain already: %w", errBackend, ErrDown)

// hung is the memory of a request: what is inside of an outermost fill, or of the
// ctx that Request returns, shares one.
type hung struct {
	mu    sync.Mutex
	until map[*shard]time.Time // when to wait again; guarded by mu, nil at first
}

type hungKey struct{}

// Request returns a ctx for all that is done for one request, or for another task.
// Calls with it, or with one that was made of it, wait for a Backend that hangs
// once together, no longer than Options.ReadTimeout allows, and not each in its
// turn. Inside of a fill that is so anyhow. Of a Sharder it holds for each shard.
func Request(ctx context.Context) context.Context {
	if hungOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, hungKey{}, new(hung))
}

// hungOf returns the memory of the request of ctx, or nil.
func hungOf(ctx context.Context) *hung {
	if s := scopeOf(ctx); s != nil {
		return s.hung
	}
	h, _ := ctx.Value(hungKey{}).(*hung)
	return h
}

// note notes that some shards of c hung just now.
func (h *hung) note(c *core, some []*shard, now time.Time) {
	if h == nil || len(some) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil {
		h.until = make(map[*shard]time.Time)
	}
	for _, one := range some {
		h.until[one] = now.Add(hungFor * c.readTimeout)
	}
}

// is reports whether the request is not to wait for a shard again yet.
func (h *hung) is(at *shard, now time.Time) bool {
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Before(h.until[at])
}

// isHung reports whether the request of ctx is not to read a shard now. As long as
// no read of anybody has waited in vain, it costs next to nothing.
func (c *core) isHung(ctx context.Context, at *shard, now time.Time) bool {
	last := c.shared.hung.Load()
	return last != 0 && now.UnixNano()-last < int64(hungFor*c.readTimeout) && hungOf(ctx).is(at, now)
}

// noteHung notes that a call to some shards by the request of ctx, which began then,
// has failed, and reports whether it has waited in vain, for as long as a read may.
func (c *core) noteHung(ctx context.Context, began time.Time, some []*shard) bool {
	now := time.Now()
	if now.Sub(began) < c.readTimeout/2 || ctx.Err() != nil {
		return false
	}
	c.shared.hung.Store(now.UnixNano())
	hungOf(ctx).note(c, some, now)
	return true
}

// remembers gives j the memory of its request. Where there is none yet, it begins
// with what the lookup of j has found.
func (c *core) remembers(ctx context.Context, j *job) {
	if j.hung = hungOf(ctx); j.hung != nil {
		return
	}
	j.hung = new(hung)
	j.hung.note(c, j.view.hung, time.Now())
}
