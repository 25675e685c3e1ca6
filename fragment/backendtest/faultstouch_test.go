package backendtest_test

import (
	"bytes"
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

const (
	stays   = "what was touched stays for longer"
	nothing = "to touch what is not there brings nothing"
)

// touchy is a connection to a server, which ends entries, and touches in another
// way.
type touchy struct {
	*fragmenttest.Conn
	with func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error
}

func (b touchy) Touch(_ context.Context, ttl time.Duration, keys ...string) error {
	return b.with(b.Conn, ttl, keys)
}

func touching(with func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error) func() fragment.Backend {
	return func() fragment.Backend { return touchy{fragmenttest.NewServer().Connect(), with} }
}

// swappy is a connection to a server, which swaps in another way.
type swappy struct {
	*fragmenttest.Conn
	with func(c *fragmenttest.Conn, key string, old, value []byte) (bool, error)
}

func (b swappy) Swap(_ context.Context, key string, old, value []byte, _ time.Duration) (bool, error) {
	return b.with(b.Conn, key, old, value)
}

func swapping(with func(c *fragmenttest.Conn, key string, old, value []byte) (bool, error)) func() fragment.Backend {
	return func() fragment.Backend { return swappy{fragmenttest.NewServer().Connect(), with} }
}

// swapFaults are those of backends that swap.
var swapFaults = []fault{
	{does: "swaps whatever is there", breaks: "swap replaces only what is there",
		open: swapping(func(c *fragmenttest.Conn, key string, _, value []byte) (bool, error) {
			return true, c.Set(background, key, value, time.Hour)
		})},
	{does: "looks before it swaps", breaks: "of several that swap at once one does",
		open: swapping(func(c *fragmenttest.Conn, key string, old, value []byte) (bool, error) {
			if now, _, _ := c.Get(background, key); !bytes.Equal(now, old) {
				return false, nil
			}
			time.Sleep(50 * time.Microsecond)
			return true, c.Set(background, key, value, time.Hour)
		})},
	{does: "cuts off what it swaps", breaks: "what is swapped is kept as what is set",
		open: swapping(func(c *fragmenttest.Conn, key string, old, value []byte) (bool, error) {
			return c.Swap(background, key, old, value[:min(len(value), 200)], time.Hour)
		})},
}

// touchFaults are those of backends that touch.
var touchFaults = []fault{
	{does: "touches nothing", breaks: stays,
		open: touching(func(*fragmenttest.Conn, time.Duration, []string) error { return nil })},
	{does: "touches the first key alone", breaks: stays,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			return c.Touch(background, ttl, keys[:min(len(keys), 1)]...)
		})},
	{does: "stops at what is not there", breaks: stays,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			for _, key := range keys {
				if _, ok, _ := c.Get(background, key); !ok {
					return nil
				}
				c.Touch(background, ttl, key)
			}
			return nil
		})},
	{does: "takes for ever for now", breaks: stays,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			if ttl == fragment.Forever {
				return c.Delete(background, keys...)
			}
			return c.Touch(background, ttl, keys...)
		})},
	{does: "empties what it touches", breaks: stays,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			for _, key := range keys {
				c.Set(background, key, nil, ttl)
			}
			return nil
		})},
	{does: "has an error for what is not there", breaks: nothing,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			for _, key := range keys {
				if _, ok, _ := c.Get(background, key); !ok {
					return errFault
				}
			}
			return c.Touch(background, ttl, keys...)
		})},
	{does: "writes what it has read to touch it", breaks: nothing,
		open: touching(func(c *fragmenttest.Conn, ttl time.Duration, keys []string) error {
			for _, key := range keys {
				if value, ok, _ := c.Get(background, key); ok {
					time.Sleep(time.Millisecond)
					c.Set(background, key, value, ttl)
				}
			}
			return nil
		})},
}
