package fragmenttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A verdict is what befalls one call.
type verdict struct {
	delay time.Duration
	end   *Fault // takes the place of the call; nil lets it through
}

// judge decides what befalls a call, aside from the values that it reads.
func (f *Faults) judge(calls Calls) (v verdict) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.faults {
		if i.Does.damages() || !f.befalls(i, calls) {
			continue
		}
		switch i.Does {
		case Delay:
			v.wait(i.For)
		case DelayUpTo:
			v.wait(time.Duration(f.die().Float64() * float64(i.For)))
		default:
			v.end = &i.Fault
			return v
		}
	}
	return v
}

// wait adds to the delay; Forever and more is for ever.
func (v *verdict) wait(d time.Duration) {
	if v.delay += d; v.delay < 0 {
		v.delay = fragment.Forever
	}
}

// befalls decides whether a fault befalls one of calls, and counts. The caller
// holds mu.
func (f *Faults) befalls(i *injected, calls Calls) bool {
	if i.On != 0 && i.On&calls == 0 {
		return false
	}
	i.met++
	switch {
	case i.Every > 1 && i.met%i.Every != 0,
		i.Times > 0 && i.befallen >= i.Times,
		i.Chance > 0 && f.die().Float64() >= i.Chance:
		return false
	}
	i.befallen++
	f.counts[i.Does]++
	return true
}

// die returns the dice. The caller holds mu.
func (f *Faults) die() *rand.Rand {
	if f.dice == nil {
		f.dice = rand.New(rand.NewPCG(f.Seed, 0))
	}
	return f.dice
}

// around runs call as the faults have it. done is false if call was not run; a
// nil error then says that it is to be reported as done.
func (f *Faults) around(ctx context.Context, calls Calls, call func() error) (done bool, err error) {
	v := f.judge(calls)
	if err := pause(ctx, v.delay); err != nil {
		return false, err
	}
	if v.end == nil {
		return true, call()
	}
	switch v.end.Does {
	case Lose:
		return false, nil
	case Panic:
		panic("fragmenttest: injected panic")
	case FailLate:
		return true, errors.Join(call(), v.end.err())
	}
	return false, v.end.err()
}

// pause returns after d, or with an error when ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("fragmenttest: injected delay: %w", ctx.Err())
	}
}
