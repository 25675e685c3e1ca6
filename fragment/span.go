package fragment

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// spans end the reads of a Backend outside of this process, when their budget is
// spent or its breaker opens. A timer and a place in a list for each read would be
// a good part of what a hit takes, so reads that begin at about the same time
// share one span.
type spans struct {
	budget time.Duration
	last   atomic.Pointer[span]
	mu     sync.Mutex
	live   []*span // that have not ended; guarded by mu
}

// A span ends when the budget of the first read in it is spent: a later one has
// less, by one part in sharing.
type span struct {
	began time.Time
	until time.Time
	ctx   context.Context
	end   context.CancelCauseFunc
	stop  context.CancelFunc // of its timer
}

const sharing = 32

func newSpans(budget time.Duration) *spans { return &spans{budget: budget} }

// at returns the span of a read that begins now.
func (s *spans) at(now time.Time) *span {
	if one := s.last.Load(); one != nil && now.Sub(one.began) < s.budget/sharing && one.ctx.Err() == nil {
		return one
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &span{began: now, until: now.Add(s.budget)}
	one.ctx, one.end = context.WithCancelCause(context.Background())
	one.ctx, one.stop = context.WithDeadlineCause(one.ctx, one.until, errBudget)
	live := s.live[:0]
	for _, other := range s.live {
		if other.ctx.Err() == nil {
			live = append(live, other)
		}
	}
	clear(s.live[len(live):])
	s.live = append(live, one)
	s.last.Store(one)
	return one
}

// end ends all reads that have entered.
func (s *spans) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.live {
		one.end(cause)
		one.stop()
	}
	s.live = nil
}

// enter returns the ctx of a read that begins now, which ends with its caller's
// too.
func (s *spans) enter(ctx context.Context, now time.Time) (inside context.Context, leave func()) {
	one := s.at(now)
	if ctx.Done() == nil {
		return &spanned{one.ctx, ctx}, func() {}
	}
	inside, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(one.ctx, func() { end(context.Cause(one.ctx)) })
	return &bounded{inside, one.until}, func() {
		stop()
		end(nil)
	}
}

// A spanned ctx is that of a span, with the values of a caller.
type spanned struct {
	context.Context
	caller context.Context
}

func (s *spanned) Value(key any) any {
	if value := s.caller.Value(key); value != nil {
		return value
	}
	return s.Context.Value(key) // package context finds there what it needs to know
}

// A bounded ctx is that of a caller, ended by a span at the latest.
type bounded struct {
	context.Context
	until time.Time
}

func (b *bounded) Deadline() (time.Time, bool) {
	if until, ok := b.Context.Deadline(); ok && until.Before(b.until) {
		return until, true
	}
	return b.until, true
}

func (b *bounded) Err() error {
	if err := b.Context.Err(); err == nil || context.Cause(b.Context) != errBudget {
		return err
	}
	return context.DeadlineExceeded
}
