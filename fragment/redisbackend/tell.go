package redisbackend

import (
	"context"
	"slices"

	"github.com/redis/rueidis"
)

// tells reports whether this Backend tells others what it changes.
func (w *watch) tells() bool { return w.bus.Load() != nil }

// write sends commands that change keys, and behind them what tells others so. A
// message that does not get out leaves a gap in the numbers, by which they know.
func (w *watch) write(ctx context.Context, b *Backend, c rueidis.Client, cmds rueidis.Commands, keys []string) []rueidis.RedisResult {
	bus, messages := w.bus.Load(), rueidis.Commands(nil)
	for some := range slices.Chunk(keys, manyTold) {
		_, message := bus.next(some)
		messages = append(messages, message)
	}
	if c.Mode() != rueidis.ClientModeCluster {
		return b.doMany(ctx, c, append(cmds, messages...))[:len(cmds)]
	}
	// To different nodes they would go at the same time.
	results, err := through(ctx, b, func(ctx context.Context) ([]rueidis.RedisResult, error) {
		results := c.DoMulti(ctx, cmds...)
		c.DoMulti(ctx, messages...)
		if firstBroken(results) != nil {
			b.gate.suspects()
		}
		return results, nil
	})
	if err != nil {
		return failed(len(cmds), err)
	}
	return results
}
