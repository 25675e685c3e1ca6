package fragment

import (
	"math"
	"math/rand/v2"
	"time"
)

// forever is the deadline of an entry that does not expire, in Unix nanoseconds.
const forever = int64(math.MaxInt64)

// freshUntil returns when an entry written now stops being fresh.
func (p *Policy) freshUntil(now int64) int64 {
	ttl := p.TTL
	if p.Jitter > 0 && ttl != Forever {
		ttl -= time.Duration(rand.Float64() * min(p.Jitter, 1) * float64(ttl))
	}
	fresh := later(now, ttl)
	if !p.Until.IsZero() {
		fresh = min(fresh, later(now, max(p.Until.Sub(time.Unix(0, now)), 0)))
	}
	return fresh
}

// deadUntil returns when an entry that is fresh until fresh stops being of use.
func (p *Policy) deadUntil(fresh int64) int64 {
	return later(fresh, max(p.Stale, 0))
}

// within returns a deadline of an entry that is written now, or the end of what p
// lets it live at most.
func (p *Policy) within(now, deadline int64) int64 {
	if p.most <= 0 {
		return deadline
	}
	return min(deadline, later(now, p.most))
}

// notFoundTTL is how long an answer lives that there is nothing; not above zero
// if it is not kept.
func (p *Policy) notFoundTTL() time.Duration {
	if p.NotFoundTTL == 0 {
		return min(p.TTL, DefaultNotFoundTTL)
	}
	return p.NotFoundTTL
}

// isEarly draws whether a fresh entry is to be refilled before it expires: as
// if its fill were about to take as long as it did, times Early, times a random
// factor that is 1 on average. Of many callers one draws a large one in time.
func (p *Policy) isEarly(e *entry) bool {
	if p.Early <= 0 || e.fresh == forever {
		return false
	}
	ahead := float64(e.cost) * p.Early * rand.ExpFloat64()
	return ahead >= float64(e.fresh-time.Now().UnixNano())
}

// later is t + d without overflow.
func later(t int64, d time.Duration) int64 {
	if d == Forever || t > forever-int64(d) {
		return forever
	}
	return t + int64(d)
}

// until is the time left from now to the deadline, at most Forever.
func until(deadline, now int64) time.Duration {
	if deadline == forever {
		return Forever
	}
	return time.Duration(deadline - now)
}
