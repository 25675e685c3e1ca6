package fragment

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A call to a Backend outside of this process may take so long, unless Options
// say otherwise. Within that, a read ends with its caller; a write does not, so
// that it is done when Do returns, whatever became of the caller.
const (
	defaultReadTimeout  = 100 * time.Millisecond
	defaultWriteTimeout = time.Second
)

// errBudget is the cause of the end of a ctx whose caller was still there.
var errBudget = fmt.Errorf("fragment: the backend took too long: %w", context.DeadlineExceeded)

func (c *core) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.readTimeout, errBudget)
}

// writing returns the ctx of one operation that writes; what is called inside of
// it shares its budget.
func (c *core) writing(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Value(writingKey{c}) != nil {
		return ctx, func() {}
	}
	ctx = context.WithoutCancel(ctx)
	if c.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(context.WithValue(ctx, writingKey{c}, true), c.writeTimeout, errBudget)
}

// A writingKey is of one cache: its Backend may be built on another one.
type writingKey struct{ of *core }

// get reads one key of a Backend of this process.
func (c *core) get(ctx context.Context, key string) (raw []byte, ok bool, err error) {
	defer caught(&err)
	return c.backend.Get(ctx, key)
}

// getMany has the budget of a read.
func (c *core) getMany(ctx context.Context, keys []string) (map[string][]byte, error) {
	return c.getManyAs(ctx, true, keys)
}

// getInto is getMany that needs no map.
func (c *core) getInto(ctx context.Context, keys []string, values [][]byte) error {
	if c.isSplit() {
		return c.getIntoSplit(ctx, keys, values)
	}
	return c.callAt(ctx, "", true, func(ctx context.Context, b Backend) error { return GetInto(ctx, b, keys, values) })
}

// getManyToWrite is getMany as a part of a write, whose budget ctx has, and which a
// breaker that is half open lets through.
func (c *core) getManyToWrite(ctx context.Context, keys []string) (map[string][]byte, error) {
	return c.getManyAs(ctx, false, keys)
}

func (c *core) getManyAs(ctx context.Context, reads bool, keys []string) (found map[string][]byte, err error) {
	if c.isSplit() {
		return c.getManySplit(ctx, reads, keys)
	}
	err = c.callAt(ctx, "", reads, func(ctx context.Context, b Backend) (err error) {
		found, err = GetMany(ctx, b, keys)
		return err
	})
	return found, err
}

// set writes one entry, and deletes what was there before if it cannot.
// The caller holds the key's lane.
func (c *core) set(ctx context.Context, key string, raw []byte, ttl time.Duration) error {
	defer c.wrote(ctx, key)
	err := c.trySet(ctx, key, raw, ttl)
	if err == nil || errors.Is(err, ErrDown) {
		return err
	}
	if gone := c.remove(ctx, key); gone != nil { // not wrapped: that was asked, whatever this was
		return fmt.Errorf("%w (and the entry before it may remain: %v)", err, gone)
	}
	return err
}

func (c *core) trySet(ctx context.Context, key string, raw []byte, ttl time.Duration) (err error) {
	return c.callAt(ctx, key, false, func(ctx context.Context, b Backend) error { return b.Set(ctx, key, raw, ttl) })
}

func (c *core) setMany(ctx context.Context, items map[string][]byte, ttl time.Duration) (err error) {
	if c.isSplit() {
		return c.setManySplit(ctx, items, ttl)
	}
	return c.callAt(ctx, "", false, func(ctx context.Context, b Backend) error { return SetMany(ctx, b, items, ttl) })
}

func (c *core) add(ctx context.Context, key string, raw []byte, ttl time.Duration) (added bool, err error) {
	err = c.callAt(ctx, key, false, func(ctx context.Context, b Backend) error {
		added, err = Add(ctx, b, key, raw, ttl)
		return err
	})
	return added, err
}

func (c *core) remove(ctx context.Context, keys ...string) (err error) {
	defer c.wrote(ctx, keys...)
	return c.callEach(ctx, keys, false, func(ctx context.Context, b Backend, keys []string) error { return b.Delete(ctx, keys...) })
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("fragment: the backend panicked: %v", p)
	}
}

// fault counts and tells that the Backend failed, by a call that began then, or
// by what it returned.
func (c *core) fault(ctx context.Context, name, doing string, began time.Time, err error) {
	if isErrDown(err) {
		return // it was not asked
	}
	c.counts.faults.Add(1)
	if c.shared != nil && c.isHurt() {
		c.shared.complaints.isNew(err)
	}
	c.tell(ctx, Event{Kind: EventFault, Name: name, Reason: doing, Err: err, Start: began})
}
