package redisbackend

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A gate lets calls through to the client. In two places rueidis lets a call wait
// without a look at its ctx: while another call connects to the same server, and
// while a thousand unanswered ones are on the connection. So, while the client is
// suspect, a call runs on a goroutine of its own, which the caller leaves when its
// ctx ends. Otherwise it runs where it is, which is faster.
type gate struct {
	state   atomic.Int64 // the number of calls inside, and shut
	suspect atomic.Int64 // until when, in Unix nanoseconds; 0: not
	apart   atomic.Int64 // goroutines

	drained chan struct{} // closed when it is shut and nobody is inside
	once    sync.Once     // closes drained
}

const (
	shut      = 1 << 62
	suspicion = 2 * time.Second
	maxDirect = 256  // calls at once; the rest runs apart, as the ring may be full
	maxApart  = 8192 // goroutines at once
)

func newGate() *gate { return &gate{drained: make(chan struct{})} }

// enter counts a call; false: the gate is shut.
func (g *gate) enter() bool {
	if g.state.Add(1)&shut == 0 {
		return true
	}
	g.leave(nil)
	return false
}

// leave ends a call that has entered. err is how the connection failed it.
func (g *gate) leave(err error) {
	if err != nil {
		g.suspects()
	}
	if g.state.Add(-1) == shut {
		g.once.Do(func() { close(g.drained) })
	}
}

// shutDown lets nobody in any more, and reports whether it was open before.
func (g *gate) shutDown() bool {
	before := g.state.Or(shut)
	if before == 0 {
		g.once.Do(func() { close(g.drained) })
	}
	return before&shut == 0
}

func (g *gate) isShut() bool { return g.state.Load()&shut != 0 }

// suspects notes that a connection was lost, is being made, or does not answer.
func (g *gate) suspects() { g.suspect.Store(time.Now().Add(suspicion).UnixNano()) }

// isDirect reports whether a call may run where it is.
func (g *gate) isDirect() bool {
	if g.state.Load() > maxDirect {
		return false
	}
	until := g.suspect.Load()
	if until == 0 {
		return true
	}
	if time.Now().UnixNano() < until {
		return false
	}
	g.suspect.CompareAndSwap(until, 0)
	return true
}

var errCrowded = errors.New("thousands of calls wait for the server already")

type outcome[T any] struct {
	result T
	err    error
}

// apart makes a call that has entered on a goroutine of its own, which leaves by
// it and has so much time, or that of ctx. The caller stays as long as its ctx
// lasts. What f returns is its result, and the error with which the connection
// failed.
func apart[T any](ctx context.Context, g *gate, most time.Duration, f func(context.Context) (T, error)) (result T, err error) {
	if g.apart.Add(1) > maxApart {
		g.apart.Add(-1)
		g.leave(errCrowded)
		return result, errCrowded
	}
	done := make(chan outcome[T], 1)
	// A caller in a hurry must not end the making of a connection that the next
	// one needs.
	if end, ok := ctx.Deadline(); ok {
		most = max(most, time.Until(end))
	}
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	go func() {
		defer cancel()
		result, err := f(longer)
		g.apart.Add(-1)
		g.leave(err)
		done <- outcome[T]{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return result, ctx.Err()
	}
}
