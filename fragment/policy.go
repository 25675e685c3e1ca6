package fragment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Forever is the TTL of an entry that does not expire. A Backend may still
// evict it.
const Forever = time.Duration(math.MaxInt64)

// DefaultTTL is how long an entry is fresh where neither the call nor the
// Cache says otherwise.
const DefaultTTL = 5 * time.Minute

// Policy says how long an entry lives and what frees it. The zero Policy is
// that of the Cache.
type Policy struct {
	// TTL is how long the entry is fresh. Zero is the default of the Cache
	// (DefaultTTL if that is unset too). Forever does not expire. Negative
	// neither looks up nor stores: the fill runs.
	TTL time.Duration

	// Stale is how long after TTL the entry may still be served: to the others
	// while one caller refills, and to that caller if its refill fails. Zero is
	// the default of the Cache (none if that is unset too); negative is none.
	Stale time.Duration

	// Jitter spreads expiry, so that entries written together do not expire
	// together: the TTL is shortened by a random part of up to this fraction,
	// at most 1. Zero is the default of the Cache; negative is none.
	Jitter float64

	// Tags are the invalidation groups of the entry, in addition to those of
	// the Cache and those that the fill adds. See CheckTag for their form.
	Tags []string

	// Refresh fills anew although a fresh value is stored, which remains, and is
	// served, should that fail. It holds for one call; as the default of a
	// Cache it is ignored.
	Refresh bool

	// IgnoreInner keeps the TTL whole although something that was cached
	// inside the fill expires before it. Without it the entry lives no longer
	// than the first of its parts.
	IgnoreInner bool
}

// CheckTag reports what is wrong with a tag: it has at least one byte and no
// space, comma or control byte. Tags that begin with "!" are the surfaces' own.
func CheckTag(tag string) error {
	if tag == "" {
		return fmt.Errorf("fragment: a tag is empty: want a word such as %q", "product:42")
	}
	bad := strings.IndexFunc(tag, func(r rune) bool { return r <= ' ' || r == ',' || r == 0x7f })
	if bad >= 0 || len(tag) > maxTag {
		return fmt.Errorf("fragment: tag %.40q: a tag has no space, comma or control byte and at most %d bytes, such as %q", tag, maxTag, "product:42")
	}
	return nil
}

const maxTag = 1024

func checkTags(tags []string) error {
	for _, tag := range tags {
		if err := CheckTag(tag); err != nil {
			return err
		}
	}
	return nil
}

// Check reports what is wrong with a Policy: a Jitter above 1 or a tag that
// CheckTag refuses. Surfaces ask when they are made; a Do with such a Policy
// stores nothing.
func (p Policy) Check() error {
	if p.Jitter > 1 || math.IsNaN(p.Jitter) {
		return fmt.Errorf("fragment: Policy.Jitter is %v: want a fraction from 0 to 1", p.Jitter)
	}
	return checkTags(p.Tags)
}

// or completes p by the defaults of a Cache, all but the tags: those are put
// together when an entry is written, and not on each hit.
func (p Policy) or(defaults Policy) Policy {
	if p.TTL == 0 {
		p.TTL = defaults.TTL
	}
	if p.Stale == 0 {
		p.Stale = defaults.Stale
	}
	if p.Jitter == 0 {
		p.Jitter = defaults.Jitter
	}
	p.IgnoreInner = p.IgnoreInner || defaults.IgnoreInner
	return p
}

// forever is the deadline of an entry that does not expire, in Unix nanoseconds.
const forever = int64(math.MaxInt64)

// freshUntil returns when an entry written now stops being fresh.
func (p Policy) freshUntil(now int64) int64 {
	ttl := p.TTL
	if p.Jitter > 0 && ttl != Forever {
		ttl -= time.Duration(rand.Float64() * min(p.Jitter, 1) * float64(ttl))
	}
	return later(now, ttl)
}

// deadUntil returns when an entry that is fresh until fresh stops being of use.
func (p Policy) deadUntil(fresh int64) int64 {
	return later(fresh, max(p.Stale, 0))
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
