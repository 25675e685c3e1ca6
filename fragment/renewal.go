package fragment

import (
	"context"
	"sync"
	"time"
)

// How long a lease lasts if its owner is no more, and when it is renewed. One
// renewal may fail.
const (
	leaseLife    = 2500 * time.Millisecond
	leaseRenewal = 1100 * time.Millisecond
)

// A renewal sees to it that a lease lasts for as long as its fill runs, but no
// longer than leaseMost: others are not to wait for one that hangs. That it fails
// is no fault of the fill.
//
// Between its calls it is a timer. A call that is under way when the fill ends
// gives the lease back itself, when it has its answer:
//
//	the renewal is sent; the fill ends, and gives the lease back;
//	the renewal arrives, and takes it again
//
// would leave a lease that nobody has, and the page need not wait for that answer.
type renewal struct {
	core  *core
	ctx   context.Context // that of the fill, whose end is not that of the lease
	job   *job
	owner string
	last  time.Time // it lasts no longer

	mu     sync.Mutex
	timer  *time.Timer // guarded by mu, as what follows
	asking bool        // a call is under way
	unsure bool        // one has failed: it may arrive yet
	over   bool
}

// renewing begins to renew the lease that owner has on the key of j.
func (c *core) renewing(ctx context.Context, j *job, owner string) *renewal {
	r := &renewal{core: c, ctx: context.WithoutCancel(ctx), job: j, owner: owner, last: time.Now().Add(c.leaseMost(j))}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(leaseRenewal, func() { c.background.run(r.renew) })
	return r
}

// leaseTTL is how long a lease on j lasts if it is not renewed.
func (c *core) leaseTTL(j *job) time.Duration { return min(leaseLife, c.leaseMost(j)) }

// leaseMost is for how long one is renewed.
func (c *core) leaseMost(j *job) time.Duration {
	if j.policy.FillTimeout > 0 {
		return j.policy.FillTimeout + c.writeTimeout
	}
	return max(c.wait, defaultWait)
}

func (r *renewal) renew() {
	asked := time.Now()
	left := r.last.Sub(asked)
	if left <= 0 || !r.begins() {
		return
	}
	has, err := r.core.tryLock(r.ctx, r.job, r.owner, min(leaseLife, left))
	if err != nil {
		r.core.fault(r.ctx, r.job.name, "renew", asked, err)
	}
	if r.goesOn(has, err) {
		return
	}
	r.core.unlock(r.ctx, r.job, r.owner)
}

// begins reports whether a call is to be made.
func (r *renewal) begins() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking = !r.over
	return r.asking
}

// goesOn notes how a call ended, and reports whether the fill has not.
func (r *renewal) goesOn(has bool, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking, r.unsure = false, r.unsure || err != nil
	if !r.over && (has || err != nil) {
		r.timer.Reset(leaseRenewal)
	}
	return !r.over
}

// end gives the lease back. A second end does nothing.
func (r *renewal) end() {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	r.over = true
	r.timer.Stop()
	asking, unsure := r.asking, r.unsure
	r.mu.Unlock()
	if unsure {
		r.core.oweLease(r.job, r.owner)
	}
	if !asking {
		r.core.unlock(r.ctx, r.job, r.owner)
	}
}
