package redisbackend

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Add implements fragment.Adder.
func (b *Backend) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	if err := b.fits(value); err != nil {
		return false, err
	}
	c, err := b.enter(ctx)
	if err != nil {
		return false, b.fault("add", err)
	}
	err = b.write(ctx, c, setting(c, key, value, ttl, true), key).Error()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	return err == nil, b.fault("add", err)
}

// Swap implements fragment.Swapper.
func (b *Backend) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (swapped bool, err error) {
	if err := b.fits(value); err != nil {
		return false, err
	}
	c, err := b.enter(ctx)
	if err != nil {
		return false, b.fault("swap", err)
	}
	ms := strconv.FormatInt(milliseconds(min(ttl, longest)), 10)
	swap := c.B().Eval().Script(swapping).Numkeys(1).Key(key).Arg(string(old), rueidis.BinaryString(value), ms).Build()
	if len(value) >= large {
		swap = swap.Pin() // see setting
	}
	n, err := b.write(ctx, c, swap, key).AsInt64() // not done, it is told all the same
	return n == 1, withoutScripts(b.fault("swap", err))
}

const swapping = `if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

// leaseOf is the key of the lease on a key. No entry has it, as a key has no
// space, and rights to a prefix hold for it as well.
func leaseOf(key string) string { return key + leaseSuffix }

const leaseSuffix = " lease"

// Each script is one step for the server: between a look at who has the lease and
// what follows from that, nobody else gets it. What is no string, or does not end by
// itself, is no lease: all would wait for its end for ever.
var (
	locking = rueidis.NewLuaScript(`local owner = redis.pcall('GET', KEYS[1])
if type(owner) == 'string' and owner ~= ARGV[1] and redis.call('PTTL', KEYS[1]) >= 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)
	unlocking = rueidis.NewLuaScript(`if redis.pcall('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)
)

// Lock implements fragment.Locker. The lease is a key of its own, which Delete
// does not touch.
func (b *Backend) Lock(ctx context.Context, key, owner string, ttl time.Duration) (ok bool, err error) {
	ms := strconv.FormatInt(milliseconds(min(ttl, longest)), 10)
	return b.script(ctx, "lock", locking, leaseOf(key), owner, ms)
}

// Unlock implements fragment.Locker.
func (b *Backend) Unlock(ctx context.Context, key, owner string) error {
	_, err := b.script(ctx, "unlock", unlocking, leaseOf(key), owner)
	return err
}

// script runs a script on one key, and reports whether it returned 1.
func (b *Backend) script(ctx context.Context, verb string, script *rueidis.Lua, key string, args ...string) (bool, error) {
	c, err := b.enter(ctx)
	if err != nil {
		return false, b.fault(verb, err)
	}
	result, err := b.exec(ctx, c, script, key, args...)
	if err != nil {
		return false, b.fault(verb, err)
	}
	n, err := result.AsInt64()
	return n == 1, withoutScripts(b.fault(verb, err))
}

// withoutScripts has an error say that a user who may run no scripts can do without.
func withoutScripts(err error) error {
	var refused *refusal
	if errors.As(err, &refused) && slices.ContainsFunc(noScripts, func(says string) bool { return strings.Contains(refused.text, says) }) {
		return &unable{err}
	}
	return err
}

// noScripts are what servers of several ages say.
var noScripts = []string{"to run the 'eval", "unknown command 'EVAL", "unknown command `EVAL"}

// exec runs a script by a call that has entered. Its error is how the connection
// failed it.
func (b *Backend) exec(ctx context.Context, c rueidis.Client, script *rueidis.Lua, key string, args ...string) (rueidis.RedisResult, error) {
	return through(ctx, b, func(ctx context.Context) (rueidis.RedisResult, error) {
		result := script.Exec(ctx, c, []string{key}, args)
		return result, result.NonRedisError()
	})
}
