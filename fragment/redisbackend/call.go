package redisbackend

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// enter begins a call. Each that succeeds is ended by one of the methods below.
func (b *Backend) enter(ctx context.Context) (rueidis.Client, error) {
	if !b.gate.enter() {
		return nil, errClosed
	}
	c, err := b.link.client(ctx)
	if err == nil {
		// What has ended before it begins must not be carried out later.
		err = ctx.Err()
	}
	if err != nil {
		b.gate.leave(nil)
		return nil, err
	}
	return c, nil
}

// most is how long a call may run on that its caller has left.
func (b *Backend) most() time.Duration { return b.options.ConnectTimeout + time.Second }

// through makes a call that has entered. The error of f, and what through returns,
// is how the connection failed it.
func through[T any](ctx context.Context, b *Backend, f func(context.Context) (T, error)) (result T, err error) {
	if !b.gate.isDirect() {
		return apart(ctx, b.gate, b.most(), f)
	}
	result, err = f(ctx)
	b.gate.leave(err)
	return result, err
}

// do sends one command.
func (b *Backend) do(ctx context.Context, c rueidis.Client, cmd rueidis.Completed) rueidis.RedisResult {
	if b.gate.isDirect() { // without a closure
		result := c.Do(ctx, cmd)
		b.gate.leave(result.NonRedisError())
		return result
	}
	result, err := through(ctx, b, func(ctx context.Context) (rueidis.RedisResult, error) {
		result := c.Do(ctx, cmd)
		return result, result.NonRedisError()
	})
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	return result
}

// doMany sends commands together. In a cluster each goes to its node, in
// parallel; those of one node are carried out in order.
func (b *Backend) doMany(ctx context.Context, c rueidis.Client, cmds []rueidis.Completed) []rueidis.RedisResult {
	results, err := through(ctx, b, func(ctx context.Context) ([]rueidis.RedisResult, error) {
		results := c.DoMulti(ctx, cmds...)
		if firstBroken(results) != nil {
			b.gate.suspects() // the others are answers all the same
		}
		return results, nil
	})
	if err != nil {
		return failed(len(cmds), err)
	}
	return results
}

// failed are the results of n commands that failed alike.
func failed(n int, err error) []rueidis.RedisResult {
	results := make([]rueidis.RedisResult, n)
	for i := range results {
		results[i] = rueidis.NewErrorResult(err)
	}
	return results
}

// firstBroken returns the first error that is not a server's answer.
func firstBroken(results []rueidis.RedisResult) error {
	for _, r := range results {
		if err := r.NonRedisError(); err != nil {
			return err
		}
	}
	return nil
}

// firstError returns the first error. That there is nothing under a key is none.
func firstError(results []rueidis.RedisResult) error {
	for _, r := range results {
		if err := r.Error(); err != nil && !rueidis.IsRedisNil(err) {
			return err
		}
	}
	return nil
}

// write sends one command that changes keys, and tells others so if need be.
func (b *Backend) write(ctx context.Context, c rueidis.Client, cmd rueidis.Completed, keys ...string) rueidis.RedisResult {
	if !b.watch.tells() {
		return b.do(ctx, c, cmd)
	}
	return b.writeMany(ctx, c, rueidis.Commands{cmd}, keys)[0]
}

// writeMany sends commands that change keys, and tells others so if need be.
func (b *Backend) writeMany(ctx context.Context, c rueidis.Client, cmds rueidis.Commands, keys []string) []rueidis.RedisResult {
	if !b.watch.tells() {
		return b.doMany(ctx, c, cmds)
	}
	return b.watch.write(ctx, b, c, cmds, keys)
}
