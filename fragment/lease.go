package fragment

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// A lease lets one process at a time fill a key, where the Backend is a Locker. It
// spares work and nothing depends on it: who cannot have it in time, or cannot
// reach the Backend, fills all the same, and so does the next when it ends
// before its fill does. It is short, so that nobody waits for long for a process
// that is no more, and renewed while the fill runs (see renewal).
//
// Who waited for the fill of another process and finds nothing stored by it
// fills without a lease: that fill failed, or its answer may not be stored, and
// then others are not to wait in line for the same.

// errElsewhere is the error of a leader who has something to serve while another
// process fills.
var errElsewhere = errors.New("fragment: another process fills this key")

// Between two looks at what another process fills.
const (
	firstPoll = 5 * time.Millisecond
	lastPoll  = 100 * time.Millisecond
)

// canLease reports whether j is to be filled under a lease. Without a view its
// answer cannot be stored anyhow.
func (c *core) canLease(j *job) bool {
	return c.shared != nil && c.shared.leases && j.view.at != nil
}

// leased fills j under the lease on its key, or returns what another process has
// filled.
func (c *core) leased(ctx context.Context, j *job, n *flight.Node) result {
	owner := strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
	began := time.Now()
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		asked := time.Now()
		took, err := c.lock(ctx, j, owner)
		if err != nil {
			if !errors.Is(err, errors.ErrUnsupported) { // of what is inside a wrapper
				c.noteHung(ctx, asked, []*shard{c.shared.at(j.key)})
				c.fault(ctx, j.name, "lock", asked, err)
			}
			return c.run(ctx, j, n)
		}
		waited := pause > firstPoll
		if took {
			return c.underLease(ctx, j, n, owner, waited)
		}
		patience := max(c.wait, 0) - time.Since(began)
		switch {
		case j.policy.Refresh, patience <= 0:
			return c.run(ctx, j, n)
		case j.hasSpare() || j.detached:
			return result{Err: errElsewhere, Again: true}
		}
		if !sleep(ctx, min(pause, patience)) {
			return result{Err: ctx.Err(), Again: true}
		}
		if found, ok := c.stored(ctx, j); ok {
			c.waitedElsewhere(ctx, j, began)
			return found
		}
	}
}

// underLease fills j, whose lease owner has, unless it is stored by now.
func (c *core) underLease(ctx context.Context, j *job, n *flight.Node, owner string, waited bool) result {
	r := c.renewing(ctx, j, owner)
	defer r.end()
	if !j.policy.Refresh {
		// Between our look and the lease another process may have stored.
		if found, ok := c.stored(ctx, j); ok {
			return found
		}
	}
	if waited {
		r.end()
		return c.run(ctx, j, n)
	}
	n.OnRelease(func() { c.background.run(r.end) })
	return c.run(ctx, j, n)
}

// waitedElsewhere counts and tells that j has an answer of another process.
func (c *core) waitedElsewhere(ctx context.Context, j *job, began time.Time) {
	c.counts.waits.Add(1)
	c.tell(ctx, Event{Kind: EventWait, Name: j.name, Reason: "another process filled it", Start: began, Duration: time.Since(began)})
}

// lock takes the lease on the key of j.
func (c *core) lock(ctx context.Context, j *job, owner string) (took bool, err error) {
	took, err = c.tryLock(ctx, j, owner, c.leaseTTL(j))
	if err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, ErrDown) {
		c.oweLease(j, owner) // the Backend may have heard of it
	}
	return took, err
}

func (c *core) tryLock(ctx context.Context, j *job, owner string, ttl time.Duration) (took bool, err error) {
	ctx, cancel := c.reading(ctx)
	defer cancel()
	err = c.callAt(ctx, j.key, false, func(ctx context.Context, b Backend) error {
		took, err = Lock(ctx, b, j.key, owner, ttl)
		return err
	})
	return took, err
}

func (c *core) unlock(ctx context.Context, j *job, owner string) {
	if j.hung.is(c.shared.at(j.key), time.Now()) {
		c.oweLease(j, owner)
		return
	}
	ctx, cancel := c.writing(ctx)
	defer cancel()
	began := time.Now()
	if err := c.callAt(ctx, j.key, false, func(ctx context.Context, b Backend) error { return Unlock(ctx, b, j.key, owner) }); err != nil {
		c.oweLease(j, owner)
		c.fault(ctx, j.name, "unlock", began, err)
	}
}

// sleep waits for d; it reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
