package fragment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrDown is returned by the methods that write, and wrapped by the reason why a
// value was not stored, while the circuit breaker of the Backend is open: it has
// failed several times in a row and is not asked any more.
var ErrDown = errors.New("fragment: the backend is down, and left alone until it answers again")

const (
	defaultMaxFaults = 5
	settling         = 1250 * time.Millisecond // several times lastTry, and what a try takes
)

// A breaker keeps a Backend, or one shard of it, that is down from being asked. It opens after so many
// faults in a row. Then a goroutine of the Cache tries now and again (see mend)
// and, as soon as one try succeeds, half opens it: writes are let through. Reads
// follow after a pause, in which other processes, that have heard of the same
// recovery at about the same time, tell the Backend what was invalidated
// meanwhile: they have tried it no longer ago than lastTry.
type breaker struct {
	limit   int // not above zero: it never opens
	opening func()
	reads   *spans // under way
	mu      sync.Mutex
	faults  atomic.Int64 // in a row; changed with mu held, as what follows
	state   atomic.Uint32
	late    time.Time             // when a fault was last found by waiting; guarded by mu
	settled time.Time             // when a half open one closes; guarded by mu
	calls   map[*calling]struct{} // that write, under way; guarded by mu
}

// A calling is a call under way.
type calling struct {
	of  *breaker
	end context.CancelCauseFunc
}

// lateWeight is how many faults it is worth that a call has waited in vain: each
// of them costs somebody his time.
const lateWeight = 2

type breakerState uint32

const (
	closed breakerState = iota
	open
	halfOpen
)

func (s breakerState) String() string {
	return [...]string{closed: "closed", open: "open", halfOpen: "half open"}[s]
}

func newBreaker(limit int, readTimeout time.Duration) *breaker {
	return &breaker{limit: limit, reads: newSpans(readTimeout), calls: make(map[*calling]struct{})}
}

func (b *breaker) now() breakerState { return breakerState(b.state.Load()) }

// note notes how a call ended that began then, and reports whether the breaker has
// opened by it. A fault that was found by waiting for more than half the time
// that a read may take is late. Those that were under way together count once: a
// server that stands still for a moment fails all of them.
func (b *breaker) note(err error, began time.Time) (opened bool) {
	if err == nil && b.faults.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	late, state := now.Sub(began) >= b.reads.budget/2, b.now()
	switch {
	case err == nil && late: // a write, by a Backend that is too slow to be read
		return false
	case err == nil:
		b.faults.Store(0)
		return false
	case late && state == closed && began.Before(b.late):
		return false
	case late:
		b.late = now
		b.faults.Add(lateWeight)
	default:
		b.faults.Add(1)
	}
	if b.limit <= 0 || state == open || state == closed && b.faults.Load() < int64(b.limit) {
		return false
	}
	b.open(state)
	return true
}

// open opens it, for who holds mu.
func (b *breaker) open(before breakerState) {
	if before == closed {
		b.opening() // before anybody can see it
	}
	b.state.Store(uint32(open))
	b.reads.end(errWentDown)
	for one := range b.calls {
		one.end(errWentDown)
	}
}

// answered notes that a try succeeded at now: an open breaker half opens, and a
// half open one closes in time. It reports a change.
func (b *breaker) answered(now time.Time) (state breakerState, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.now()
	switch {
	case before == open:
		b.settled = now.Add(settling)
		b.faults.Store(0)
		b.state.Store(uint32(halfOpen))
	case before == halfOpen && !now.Before(b.settled):
		b.state.Store(uint32(closed))
	}
	return b.now(), b.now() != before
}

// enter returns the ctx of a call, which ends early if the breaker opens; or
// ErrDown, if the call is not to be made. reads tells that it does not write: the
// ctx then has the budget of a read too.
func (b *breaker) enter(ctx context.Context, reads bool, now time.Time) (inside context.Context, leave func(), err error) {
	if reads {
		inside, leave = b.reads.enter(ctx, now)
		if b.now() != closed { // in this order: what opens now ends what has entered
			leave()
			return nil, nil, ErrDown
		}
		return inside, leave, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now() == open {
		return nil, nil, ErrDown
	}
	one := &calling{of: b}
	inside, one.end = context.WithCancelCause(ctx)
	b.calls[one] = struct{}{}
	return inside, one.leave, nil
}

// leave ends what enter began.
func (one *calling) leave() {
	one.of.mu.Lock()
	delete(one.of.calls, one)
	one.of.mu.Unlock()
	one.end(nil)
}

// errWentDown is the cause of the end of a call that others have found to be in
// vain. Without it a page that hangs in a write would wait for the whole of its
// budget, and so would those who wait for that page.
var errWentDown = errors.New("fragment: the backend went down meanwhile")

// asks runs one call to a shard of a Backend that is not of this process, unless its
// breaker is open, and tells the breaker how it ended. reads tells that it does not
// write.
func (c *core) asks(ctx context.Context, at *shard, reads bool, call func(context.Context, Backend) error) error {
	b := at.breaker
	began := time.Now()
	if reads && c.isHung(ctx, at, began) {
		return errHung
	}
	inside, leave, err := b.enter(ctx, reads, began)
	if err != nil {
		return err
	}
	defer leave()
	err = guarded(func() error { return call(inside, at.backend) })
	switch {
	case errors.Is(err, ErrTooLarge) || errors.Is(err, errors.ErrUnsupported):
		return err // it answers
	case err != nil && context.Cause(inside) == errWentDown:
		return fmt.Errorf("%w: %w", errWentDown, err)
	case err != nil && ctx.Err() != nil && (c.isSplit() || !errors.Is(context.Cause(ctx), errBudget)) && time.Since(began) < c.readTimeout/2:
		return err // it is the caller who gave up, and soon; or another shard has used up the time
	}
	if b.note(err, began) {
		c.tell(ctx, Event{Kind: EventBreaker, Reason: open.String(), Err: err, Shard: c.shardNo(at)})
		c.mend()
	}
	return err
}

// guarded runs call. A panic of the Backend is a fault like any other.
func guarded(call func() error) (err error) {
	defer caught(&err)
	return call()
}
