package fragment

import (
	"context"
	"time"
)

// A lease is who may have it on which key.
type lease struct{ key, owner string }

// oweLease notes that owner may have the lease on the key of j, and fills it no
// longer: it could not be given back, or was asked for by a call that failed, and
// may have arrived. Whoever fills that key next would wait for its end.
func (c *core) oweLease(j *job, owner string) {
	d := &c.shared.debts
	d.mu.Lock()
	if d.gone == nil {
		d.gone = make(map[lease]time.Time)
	}
	if len(d.gone) < maxDebts {
		d.gone[lease{j.key, owner}] = time.Now().Add(c.leaseTTL(j))
	}
	d.mu.Unlock()
	c.mend()
}

// owedLeases returns those that have not ended by themselves.
func (d *debts) owedLeases() (some []lease) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for one, until := range d.gone {
		if now.After(until) {
			delete(d.gone, one)
			continue
		}
		some = append(some, one)
	}
	return some
}

// tryLeases gives leases back to a shard. One that is not taken back ends by itself,
// keeps nothing else from being told, and is no fault: a shard that has just answered
// may not be able to take any back.
func (c *core) tryLeases(ctx context.Context, at *shard) {
	d := &c.shared.debts
	for _, one := range d.owedLeases() {
		if c.shared.at(one.key) != at {
			continue
		}
		err := guarded(func() error { return Unlock(ctx, at.backend, one.key, one.owner) })
		if err != nil {
			return
		}
		d.mu.Lock()
		delete(d.gone, one)
		d.mu.Unlock()
	}
}
