package redisbackend

import (
	"context"
	"slices"

	"github.com/redis/rueidis"
)

// Tell implements fragment.Teller. Where Options.Watch is WatchPubSub, those that
// watch are told what this Backend changes; otherwise it does nothing, as the server
// tells. A Ping then fails where that is not allowed.
func (b *Backend) Tell(prefix string) {
	if b.options.Watch != WatchPubSub || b.gate.isShut() || !b.watch.asked.CompareAndSwap(false, true) {
		return
	}
	v := newVoice(b, prefix)
	b.watch.voice.Store(v)
	v.loops.Go(v.hum)
}

// tells reports whether this Backend tells others what it changes.
func (w *watch) tells() bool { return w.voice.Load() != nil }

const manyTold = 500 // keys of a message

// write sends commands that change keys, and behind them what tells others so. A
// message that does not get out leaves a gap in the numbers, by which they know.
func (w *watch) write(ctx context.Context, b *Backend, c rueidis.Client, cmds rueidis.Commands, keys []string) []rueidis.RedisResult {
	voice, messages := w.voice.Load(), rueidis.Commands(nil)
	for some := range slices.Chunk(keys, manyTold) {
		_, message := voice.next(c, some)
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
