package fragment

import (
	"context"
	"fmt"
	"time"
)

// A call to a Backend outside of this process may take so long. Within that, a
// read ends with its caller; a write does not, so that it is done when Do
// returns, whatever became of the caller.
const (
	readBudget  = 100 * time.Millisecond
	writeBudget = time.Second
)

func (c *core) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, readBudget)
}

func (c *core) writing(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = context.WithoutCancel(ctx)
	if c.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, writeBudget)
}

// get reads one key. A panic of the Backend is a fault like any other.
func (c *core) get(ctx context.Context, key string) (raw []byte, ok bool, err error) {
	defer caught(&err)
	if c.inProcess {
		return c.backend.Get(ctx, key)
	}
	ctx, cancel := c.reading(ctx)
	defer cancel()
	return c.backend.Get(ctx, key)
}

func (c *core) getMany(ctx context.Context, keys []string) (found map[string][]byte, err error) {
	defer caught(&err)
	ctx, cancel := c.reading(ctx)
	defer cancel()
	return GetMany(ctx, c.backend, keys)
}

// set writes one entry, and deletes what was there before if it cannot.
// The caller holds the key's lane.
func (c *core) set(ctx context.Context, key string, raw []byte, ttl time.Duration) error {
	err := c.trySet(ctx, key, raw, ttl)
	if err == nil {
		return nil
	}
	if gone := c.remove(ctx, key); gone != nil {
		return fmt.Errorf("%w (and the entry before it may remain: %w)", err, gone)
	}
	return err
}

func (c *core) trySet(ctx context.Context, key string, raw []byte, ttl time.Duration) (err error) {
	defer caught(&err)
	return c.backend.Set(ctx, key, raw, ttl)
}

func (c *core) setMany(ctx context.Context, items map[string][]byte, ttl time.Duration) (err error) {
	defer caught(&err)
	return SetMany(ctx, c.backend, items, ttl)
}

func (c *core) remove(ctx context.Context, keys ...string) (err error) {
	defer caught(&err)
	return c.backend.Delete(ctx, keys...)
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("fragment: the backend panicked: %v", p)
	}
}

// fault counts and tells that the Backend failed.
func (c *core) fault(ctx context.Context, name, doing string, err error) {
	c.counts.faults.Add(1)
	c.tell(ctx, Event{Kind: EventFault, Name: name, Reason: doing, Err: err})
}
