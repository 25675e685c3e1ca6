package faulttest_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// A ledger is the database, and the model of what may be shown of it: for each row
// and site, the oldest version that a question may still be answered with.
//
// An invalidation that returned nil holds for all sites. One that returned an error
// holds for the site that asked for it, and for the others once that was made up for.
type ledger struct {
	rows [8]row
	lag  time.Duration // until others have heard of what is invalidated; zero: at once
}

type row struct {
	version atomic.Int64
	floors  [sites]atomic.Int64
	turn    sync.Mutex // of who changes it
}

// raise has the floor of a site be at least version.
func (r *row) raise(site int, version int64) {
	for floor := &r.floors[site]; ; {
		old := floor.Load()
		if old >= version || floor.CompareAndSwap(old, version) {
			return
		}
	}
}

// change commits a new version of a row and invalidates the old one, from a site.
// It does nothing to a row that is being changed.
func (l *ledger) change(site int, invalidate func(no int) error) error {
	no := rand.IntN(len(l.rows))
	r := &l.rows[no]
	if !r.turn.TryLock() {
		return nil
	}
	defer r.turn.Unlock()
	version := r.version.Add(1)
	err := invalidate(no)
	r.raise(site, version)
	if err != nil {
		return err
	}
	for other := range sites {
		switch {
		case other == site:
		case l.lag == 0:
			r.raise(other, version)
		default:
			time.AfterFunc(l.lag, func() { r.raise(other, version) })
		}
	}
	return nil
}
