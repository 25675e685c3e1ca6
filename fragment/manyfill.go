package fragment

import (
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

// leadMany fills at once those of some members that nobody else is filling,
// answers them, and returns the rest.
func (c *core) leadMany(ctx context.Context, b *batch, some []*member) (rest []*member) {
	node := flight.NewNode(scopeOf(ctx).nodeOf())
	mine, rest := c.takeOff(some, node)
	for i, got := range c.fillMany(ctx, b, mine, node) {
		value, err := c.answer(ctx, mine[i].job, got)
		b.answers[mine[i].i] = Answer{value, err}
	}
	return rest
}

// takeOff takes the lead of those of some that nobody else leads.
func (c *core) takeOff(some []*member, node *flight.Node) (mine, rest []*member) {
	for _, m := range some {
		f, first := c.flights.Join(m.key, node)
		if !first {
			rest = append(rest, m)
			continue
		}
		m.f = f
		mine = append(mine, m)
	}
	return mine, rest
}

// storedMany is stored for members whose flights this caller leads: it returns
// the results of those that are stored after all, by their places in mine.
func (c *core) storedMany(ctx context.Context, mine []*member) map[int]result {
	if c.flights.Landed() == mine[0].landed || mine[0].policy.Refresh {
		return nil
	}
	mark := c.stamps.mark()
	asks := asksFor(len(mine), func(i int) (name, key string) { return mine[i].name, mine[i].key })
	c.lookupMany(ctx, mine[0].policy.Tags, true, asks)
	found := make(map[int]result)
	for i, m := range mine {
		if m.view = asks[i].view; m.isDone(asks[i].found, asks[i].e) {
			found[i] = c.resultOf(ctx, m.job, asks[i].e, mark, m.view)
		}
	}
	return found
}

// asideMany has members refilled in the background, those that nobody else is
// at by one fill, and answers these from what is at hand. It returns the rest.
func (c *core) asideMany(ctx context.Context, b *batch, some []*member) (rest []*member) {
	node, began := flight.NewNode(nil), time.Now()
	mine, rest := c.takeOff(some, node)
	if len(mine) == 0 || !c.refillMany(ctx, b, mine, node) {
		return append(rest, mine...)
	}
	for _, m := range mine {
		patience := c.patience(m.job) - time.Since(began) // one for all of them
		value, err, ok := c.aside(ctx, m.job, m.f, patience)
		if !ok {
			rest = append(rest, m)
			continue
		}
		b.answers[m.i] = Answer{value, err}
	}
	return rest
}

// refillMany fills members in the background; it reports false if it cannot.
func (c *core) refillMany(ctx context.Context, b *batch, mine []*member, node *flight.Node) bool {
	var jobs []*job
	var flights []*flight.Flight[answer]
	var own []*member
	for _, m := range mine {
		j := *m.job
		j.around, j.old = nil, nil
		jobs, flights, own = append(jobs, &j), append(flights, m.f), append(own, &member{&j, m.i, m.f})
	}
	return c.inBackground(ctx, jobs, flights, func(ctx context.Context) { c.fillMany(ctx, b, own, node) })
}

// fillMany fills members whose flights this caller leads, and lands them.
func (c *core) fillMany(ctx context.Context, b *batch, mine []*member, n *flight.Node) (results []result) {
	if len(mine) == 0 {
		return nil
	}
	defer func() {
		for i, m := range mine {
			if results == nil { // a panic
				m.f.Land(result{Again: true})
				continue
			}
			m.f.Land(results[i])
		}
	}()
	ctx = mine[0].scope(n).in(ctx) // for the observer, who may ask for the same keys
	found := c.storedMany(ctx, mine)
	var jobs []*job
	var missing []int
	for i, m := range mine {
		if _, ok := found[i]; !ok {
			jobs, missing = append(jobs, m.job), append(missing, m.i)
		}
	}
	var filled []result
	if len(jobs) > 0 {
		filled = c.fill(ctx, jobs, n, func(ctx context.Context) ([]Filled, error) { return b.run(ctx, missing) })
	}
	for i := range mine {
		got, ok := found[i]
		if !ok {
			got, filled = filled[0], filled[1:]
		}
		results = append(results, got)
	}
	return results
}
