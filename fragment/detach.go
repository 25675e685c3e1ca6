package fragment

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// detach sees to it that j is refilled in the background, by a goroutine of its
// own unless one is at it, and returns that flight; ok is false if the fill
// cannot outlive its caller.
func (c *core) detach(ctx context.Context, j *job) (f *flight.Flight[answer], ok bool) {
	node := flight.NewNode(nil) // whoever asked is not waiting for it
	f, first := c.flights.Join(j.key, node)
	if !first {
		return f, true
	}
	fill := j.filler.Detached()
	if fill == nil {
		f.Land(result{Again: true})
		return nil, false
	}
	own := *j
	own.filler, own.around, own.old, own.detached = fillFunc(fill), nil, nil, true
	ok = c.inBackground(ctx, []*job{&own}, []*flight.Flight[answer]{f}, func(ctx context.Context) {
		got := result{Again: true}
		defer func() { f.Land(got) }()
		got = c.lead(ctx, &own, node)
	})
	return f, ok
}

// inBackground runs refill, which fills jobs that have no caller any more and
// lands their flights. ctx is that of who asked; refill gets one with its values
// and not its end. It reports false, and lands the flights, if the Cache is
// closed.
func (c *core) inBackground(ctx context.Context, jobs []*job, flights []*flight.Flight[answer], refill func(context.Context)) bool {
	land := func() {
		for _, f := range flights {
			f.Land(result{Again: true})
		}
	}
	for _, j := range jobs {
		j.policy.FillTimeout = cmp.Or(max(j.policy.FillTimeout, 0), DefaultFillTimeout)
	}
	ok := c.background.run(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(forNobody(outsideOf(ctx))))
		defer cancel()
		defer context.AfterFunc(c.background.life, cancel)()
		giveUp := time.AfterFunc(jobs[0].policy.FillTimeout, func() {
			// The fill does not heed its ctx. Whoever asks next tries again.
			c.rest(jobs)
			land()
		})
		defer giveUp.Stop()
		defer c.caughtFill(ctx, jobs, time.Now())
		refill(ctx)
	})
	if !ok {
		land()
	}
	return ok
}

// rest sees to it that jobs are not tried again at once.
func (c *core) rest(jobs []*job) {
	for _, j := range jobs {
		c.failures.rest(j.key, j.policy.RetryAfter)
	}
}

// caughtFill makes Events of the panic of a fill that has no caller.
func (c *core) caughtFill(ctx context.Context, jobs []*job, began time.Time) {
	p := recover()
	if p == nil {
		return
	}
	c.rest(jobs)
	err := fmt.Errorf("fragment: the fill panicked: %v", p)
	for _, j := range jobs {
		c.tell(ctx, Event{Kind: EventFill, Name: j.name, Err: err, Start: began, Duration: time.Since(began)})
	}
}
