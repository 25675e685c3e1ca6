package fragment

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// WarnOptions tell Warnings what is expected of the caches.
type WarnOptions struct {
	// Production says that a cache which keeps nothing is a mistake.
	Production bool
}

// A warning looks at an open cache and says what may be a mistake, or "".
type warning func(c *core, o WarnOptions) string

var warnings = []warning{warnNothing, warnNoPrefix, warnNearTTL, warnShortLife}

// Warnings tells what may be a mistake in how the caches are configured, one
// sentence each that names the cache, for the log of a program that starts:
//
//   - a cache was declared and is not open: its fills run and nothing is stored;
//   - in production, a cache keeps nothing (its URL is null:);
//   - a cache that others can reach has no prefix, so its keys may meet theirs;
//   - Options.NearTTL is above the default TTL, and so bounds nothing.
//
// Some are seen only while a cache is used, so Warnings may be asked again, say
// once an hour:
//
//   - a cache is full, and its entries make way for others long before the default
//     TTL of the cache is over. That is judged once twice as much was written as it
//     holds, by what it holds and how fast that was replaced since it was opened,
//     so it is about entries on average; for a TTL of Forever it is not judged.
func (r *Registry) Warnings(o WarnOptions) []string {
	var found []string
	for _, c := range r.all() {
		k := c.core.Load()
		if k == nil {
			found = append(found, fmt.Sprintf("cache %q is declared but not opened: nothing is stored in it", c.name))
			continue
		}
		if k.closed.Load() {
			continue
		}
		for _, w := range warnings {
			if why := w(k, o); why != "" {
				found = append(found, fmt.Sprintf("cache %q %s", k.label(), why))
			}
		}
	}
	return found
}

// all returns the caches in the order of their names, one with several names
// once.
func (r *Registry) all() []*Cache {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Cache
	var cores []*core
	for _, name := range slices.Sorted(maps.Keys(r.caches)) {
		c := r.caches[name]
		k := c.core.Load()
		if k != nil && slices.Contains(cores, k) {
			continue
		}
		all, cores = append(all, c), append(cores, k)
	}
	return all
}

func warnNothing(c *core, o WarnOptions) string {
	if !c.nothing || !o.Production {
		return ""
	}
	return "keeps nothing: give it a URL other than null: in production"
}

func warnNoPrefix(c *core, _ WarnOptions) string {
	if c.inProcess || c.prefix != "" {
		return ""
	}
	return "has no prefix in a store that others can reach, whose keys may be the same: give it one, such as the name of the program"
}

func warnNearTTL(c *core, _ WarnOptions) string {
	if c.near == nil || c.near.ttl <= c.policy.TTL {
		return ""
	}
	return fmt.Sprintf("keeps copies near for %v, although their TTL is %v: give it a NearTTL below that", c.near.ttl, c.policy.TTL)
}

// warnShortLife finds out how long entries last: as with people in a queue, what
// is there divided by what comes in a time is how long it stays.
func warnShortLife(c *core, _ WarnOptions) string {
	usage, known := UsageOf(c.backend)
	if !known || c.policy.TTL == Forever {
		return ""
	}
	return shortLife(usage, c.counts.written(), time.Since(c.opened), c.policy.TTL)
}

// shortLife says that what a backend of that usage holds lasts much shorter than
// ttl, if so many bytes were written to it within elapsed.
func shortLife(u Usage, written uint64, elapsed, ttl time.Duration) string {
	full := u.Capacity > 0 && u.Bytes >= u.Capacity/4*3 // rings have holes
	if !full || written/2 < uint64(u.Bytes) {
		return ""
	}
	life := time.Duration(float64(elapsed) * float64(u.Bytes) / float64(written))
	if life >= ttl/2 {
		return ""
	}
	return fmt.Sprintf("is full, and its entries make way for others after %v on average, although their TTL is %v: give it a larger size or a shorter TTL", life.Round(time.Second), ttl)
}

// written is how many bytes of values were stored.
func (c *counters) written() (n uint64) {
	c.names.Range(func(_, counts any) bool {
		n += counts.(*nameCounters).bytes.Load()
		return true
	})
	return n
}
