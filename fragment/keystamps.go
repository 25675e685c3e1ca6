package fragment

import (
	"context"
	"errors"
	"time"
)

// The stamps of keys in a Backend that other processes use too: see shared. An
// entry is worth nothing without the stamp of its key, so that one stays for
// longer, and has room for some refills.

// stampTTL is how long the stamp of a key is to stay for an entry that lives so
// long.
func stampTTL(life time.Duration) time.Duration {
	if life > Forever/4 {
		return Forever
	}
	return max(4*life, time.Hour)
}

// maxStampTTLToFill is how long one stays at most that was made for a fill: that
// may store nothing.
const maxStampTTLToFill = 24 * time.Hour

// canTouch reports whether b can prolong what it holds.
func canTouch(b Backend) bool {
	err := guarded(func() error { return Touch(context.Background(), b, 1) })
	return !errors.Is(err, errors.ErrUnsupported)
}

// stampTTLToFill is how long the stamp stays that a fill gives to its key. Where
// nobody can prolong it, it has to do for the entry.
func (c *core) stampTTLToFill(p *Policy) time.Duration {
	ttl := stampTTL(time.Duration(later(int64(p.TTL), max(p.Stale, 0))))
	if c.shared.touches {
		return min(ttl, maxStampTTLToFill)
	}
	return ttl
}

// writeKeyStamps gives keys new stamps, which stay so long.
func (c *core) writeKeyStamps(ctx context.Context, keys []string, ttl time.Duration) (map[string]uint64, error) {
	stamps, items := make(map[string]uint64, len(keys)), make(map[string][]byte, len(keys))
	for _, key := range keys {
		stamps[key] = newStamp()
		items[c.shared.keyOfKey(key)] = encodeStamp(stamps[key])
	}
	return stamps, c.setStamps(ctx, items, ttl)
}

// prolong lets the stamps of keys stay for entries that live so long. If that
// fails, those end early.
func (c *core) prolong(ctx context.Context, name string, life time.Duration, keys ...string) {
	if c.shared == nil || !c.shared.touches {
		return
	}
	stamps := make([]string, len(keys))
	for i, key := range keys {
		stamps[i] = c.shared.keyOfKey(key)
	}
	began := time.Now()
	if err := c.callEach(ctx, stamps, false, func(ctx context.Context, b Backend, keys []string) error {
		return Touch(ctx, b, stampTTL(life), keys...)
	}); err != nil {
		c.fault(ctx, name, "touch", began, err)
	}
}

// prolongFor does it for drafts that are about to be written, where the stamp may
// end before the entry.
func (c *core) prolongFor(ctx context.Context, drafts []*draft) {
	if c.shared == nil {
		return
	}
	var longest time.Duration
	var keys []string
	for _, d := range drafts {
		if life := d.life(); d.view.lasts < 2*min(life, Forever/2) {
			keys, longest = append(keys, d.key), max(longest, life)
		}
	}
	if len(keys) > 0 {
		c.prolong(ctx, drafts[0].name, longest, keys...)
	}
}
