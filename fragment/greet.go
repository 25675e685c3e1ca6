package fragment

import (
	"context"
	"log/slog"
	"time"
)

// greetTimeout is how long a store may take to answer at first.
const greetTimeout = 5 * time.Second

// greet finds out, in the background, whether the Backend can be reached, so that
// a wrong address is not found out by a page that is slow. It tells of a failure by
// an Event, or where nobody observes, by a line of the log. What stands in for the
// Backend is greeted too: nobody asks it before it is needed.
func (c *core) greet() {
	if c.fallback != nil {
		c.fallback.core.Load().greet()
	}
	if c.greeted.Swap(true) {
		return
	}
	p, ok := c.backend.(Pinger)
	if !ok {
		return
	}
	c.background.run(func() {
		ctx, cancel := context.WithTimeout(c.background.life, greetTimeout)
		defer cancel()
		began := time.Now()
		err := guarded(func() error { return p.Ping(ctx) })
		if err == nil || c.background.life.Err() != nil {
			return
		}
		c.fault(context.Background(), "", "connect", began, err)
		if c.observe == nil {
			slog.Default().Warn("fragment: a cache that was opened cannot be reached: pages are rendered without it until it can", "cache", c.label(), "error", err)
		}
	})
}
