package fragment

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	mu      sync.Mutex
	faults  int // in a row; guarded by mu, as what follows
	state   breakerState
	settled time.Time             // when a half open one closes
	calls   map[*calling]struct{} // under way
}

// A calling is a call under way.
type calling struct {
	of  *breaker
	end context.CancelCauseFunc
}

type breakerState uint8

const (
	closed breakerState = iota
	open
	halfOpen
)

func (s breakerState) String() string {
	return [...]string{closed: "closed", open: "open", halfOpen: "half open"}[s]
}

func newBreaker(limit int) *breaker {
	return &breaker{limit: limit, calls: make(map[*calling]struct{})}
}

func (b *breaker) now() breakerState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// note notes how a call ended, and reports whether the breaker has opened by it.
func (b *breaker) note(err error) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.faults = 0
		return false
	}
	b.faults++
	if b.limit <= 0 || b.state == open || b.state == closed && b.faults < b.limit {
		return false
	}
	if b.state == closed {
		b.opening() // before anybody can see it
	}
	b.state = open
	for one := range b.calls {
		one.end(errWentDown)
	}
	return true
}

// answered notes that a try succeeded at now: an open breaker half opens, and a
// half open one closes in time. It reports a change.
func (b *breaker) answered(now time.Time) (state breakerState, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == open:
		b.state, b.settled, b.faults = halfOpen, now.Add(settling), 0
		return b.state, true
	case b.state == halfOpen && !now.Before(b.settled):
		b.state = closed
		return b.state, true
	}
	return b.state, false
}

// enter returns the ctx of a call, which ends early if the breaker opens; or
// ErrDown, if the call is not to be made. reads tells that it does not write.
func (b *breaker) enter(ctx context.Context, reads bool) (inside context.Context, one *calling, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == open || reads && b.state == halfOpen {
		return nil, nil, ErrDown
	}
	one = &calling{of: b}
	inside, one.end = context.WithCancelCause(ctx)
	b.calls[one] = struct{}{}
	return inside, one, nil
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
	inside, one, err := b.enter(ctx, reads)
	if err != nil {
		return err
	}
	defer one.leave()
	began := time.Now()
	err = guarded(func() error { return call(inside, at.backend) })
	switch {
	case errors.Is(err, ErrTooLarge) || errors.Is(err, errors.ErrUnsupported):
		return err // it answers
	case err != nil && context.Cause(inside) == errWentDown:
		return fmt.Errorf("%w: %w", errWentDown, err)
	case err != nil && ctx.Err() != nil && (c.isSplit() || !errors.Is(context.Cause(ctx), errBudget)) && time.Since(began) < c.readTimeout/2:
		return err // it is the caller who gave up, and soon; or another shard has used up the time
	}
	if b.note(err) {
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
