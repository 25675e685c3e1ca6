package backendtest_test

import (
	"context"
	"errors"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A pair is a Backend of two memories, by the last letter of a key.
type pair struct {
	one, two fragment.Backend
	shardOf  func(key string) int
	parts    []fragment.Backend // what it says it is made of
}

func newPair() *pair {
	p := &pair{one: distant{newMemory()}, two: distant{newMemory()}, shardOf: func(key string) int { return int(key[len(key)-1] % 2) }}
	p.parts = []fragment.Backend{p.one, p.two}
	return p
}

func (p *pair) Shards() []fragment.Backend { return p.parts }
func (p *pair) ShardOf(key string) int     { return p.shardOf(key) }

func (p *pair) of(key string) fragment.Backend {
	if key[len(key)-1]%2 == 0 {
		return p.one
	}
	return p.two
}

func (p *pair) Get(ctx context.Context, key string) ([]byte, bool, error) {
	return p.of(key).Get(ctx, key)
}

func (p *pair) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return p.of(key).Set(ctx, key, value, ttl)
}

func (p *pair) Delete(ctx context.Context, keys ...string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, p.of(key).Delete(ctx, key))
	}
	return errors.Join(errs...)
}

func (p *pair) Close() error { return errors.Join(p.one.Close(), p.two.Close()) }

const (
	theirKeys = "shards hold their keys"
	asAble    = "shards can do what the whole can"
)

// changed opens a pair that was changed.
func changed(change func(p *pair)) func() fragment.Backend {
	return func() fragment.Backend {
		p := newPair()
		change(p)
		return p
	}
}

// shardFaults are those of backends that are made of several stores.
var shardFaults = []fault{
	{does: "names its stores in another order", breaks: theirKeys,
		open: changed(func(p *pair) { p.parts[0], p.parts[1] = p.two, p.one })},
	{does: "names a store that there is not", breaks: theirKeys,
		open: changed(func(p *pair) { p.shardOf = func(string) int { return 2 } })},
	{does: "gives a store no share", breaks: theirKeys,
		open: changed(func(p *pair) { p.shardOf = func(string) int { return 0 } })},
	{does: "says something else the next time", breaks: theirKeys,
		open: changed(func(p *pair) { n := 0; p.shardOf = func(string) int { n++; return n % 2 } })},
	{does: "has stores that can do more than it says", breaks: asAble,
		open: changed(func(p *pair) { p.parts[1] = able{newMemory()} })},
}
