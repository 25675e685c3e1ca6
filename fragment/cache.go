package fragment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment/internal/flight"
)

const (
	defaultWait = 10 * time.Second
	maxPrefix   = 64
)

// A Cache is a Backend with policy: expiry, tags, one fill per key, statistics.
// It is safe for concurrent use. Values that it returns are read-only: they may
// be shared with other callers and with the Backend.
//
// A Cache is made by New, Open or a Registry.
type Cache struct {
	core atomic.Pointer[core] // nil while it is only declared

	// of a declared cache, until it is opened
	name    string
	observe func(context.Context, Event)
	warned  sync.Once

	registry *Registry // it is a handle of, or nil
}

// core is an open Cache. Several handles of a Registry may share one.
type core struct {
	backend   Backend
	inProcess bool
	nothing   bool   // the Backend keeps nothing
	checked   bool   // it is Checked
	prefix    string // with its separator
	policy    Policy
	maxValue  int
	wait      time.Duration
	observe   func(context.Context, Event)
	name      atomic.Pointer[string] // in a Registry, for events
	registry  atomic.Pointer[Registry]
	greeted   atomic.Bool
	closed    atomic.Bool
	opened    time.Time

	readTimeout, writeTimeout, fallbackTTL time.Duration

	transforms []Transform
	stamps     *stamps
	shared     *shared // nil for a Backend of this process
	near       *near   // nil without one
	fallback   *Cache  // nil without one
	lanes      *lanes
	flights    flight.Group[answer]
	failures   *failures
	background *tasks
	counts     counters
}

// New returns a Cache over b, which it closes when it is closed.
func New(b Backend, o Options) (*Cache, error) {
	if b == nil {
		return nil, errors.New("fragment: New needs a Backend; fragment.Null() keeps nothing")
	}
	b, err := takeApart(b, &o)
	if err != nil {
		return nil, err
	}
	if err := checkPrefix(o.Prefix); err != nil {
		return nil, err
	}
	if err := o.Policy.Check(); err != nil {
		return nil, err
	}
	if o.ReadTimeout < 0 || o.WriteTimeout < 0 {
		return nil, fmt.Errorf("fragment: Options.ReadTimeout is %v and WriteTimeout is %v: want a duration, or 0 for %v and %v", o.ReadTimeout, o.WriteTimeout, defaultReadTimeout, defaultWriteTimeout)
	}
	if slices.Contains(o.Transforms, nil) {
		return nil, errors.New("fragment: Options.Transforms holds a nil: leave it out")
	}
	if err := errors.Join(checkNear(b, &o), checkFallback(b, &o)); err != nil {
		return nil, err
	}
	if o.MaxValue < 0 {
		return nil, fmt.Errorf("fragment: Options.MaxValue is %d: want a number of bytes, or 0 for the backend's limit", o.MaxValue)
	}
	_, nothing := b.(null)
	_, checked := b.(Checked)
	k := &core{
		backend: b, inProcess: isInProcess(b), nothing: nothing, checked: checked,
		policy: o.Policy, maxValue: o.MaxValue, wait: o.Wait, observe: o.Observe, opened: time.Now(),
		readTimeout: cmp.Or(o.ReadTimeout, defaultReadTimeout), writeTimeout: cmp.Or(o.WriteTimeout, defaultWriteTimeout),
		transforms: slices.Clone(o.Transforms), stamps: newStamps(false, 1), lanes: newLanes(), failures: newFailures(), background: newTasks(),
	}
	if o.Prefix != "" {
		k.prefix = o.Prefix + "~" // which no key has before its first '|'
	}
	if !k.inProcess {
		k.shared = newShared(b, k.prefix, cmp.Or(o.MaxFaults, defaultMaxFaults), k.readTimeout)
		for _, one := range k.shared.shards {
			one.breaker.opening = k.whenDown
		}
		k.stamps = newStamps(true, len(k.shared.shards))
		k.fallback, k.fallbackTTL = o.Fallback, cmp.Or(o.FallbackTTL, defaultFallbackTTL)
	}
	k.policy.Tags = slices.Clone(k.policy.Tags)
	byDefault(&k.policy.TTL, DefaultTTL)
	byDefault(&k.policy.RetryAfter, DefaultRetryAfter)
	if k.wait == 0 {
		k.wait = defaultWait
	}
	if err := k.keepNear(&o); err != nil {
		return nil, err
	}
	if !k.inProcess {
		outside.Add(1)
	}
	c := new(Cache)
	c.core.Store(k)
	return c, nil
}

func checkPrefix(prefix string) error {
	for i := range len(prefix) {
		switch c := prefix[i]; {
		case isLetterOrDigit(c), c == '.', c == '_', c == ':', c == '/', c == '-':
		default:
			return fmt.Errorf("fragment: Options.Prefix holds %q: want letters, digits and characters of \"._:/-\"", c)
		}
	}
	if len(prefix) > maxPrefix {
		return fmt.Errorf("fragment: Options.Prefix has %d bytes: want at most %d", len(prefix), maxPrefix)
	}
	return nil
}

// Stats returns the counts of the Cache so far.
func (c *Cache) Stats() Stats {
	k := c.core.Load()
	if k == nil {
		return Stats{Names: map[string]NameStats{}}
	}
	s := k.counts.snapshot()
	if !k.closed.Load() {
		s.Usage, _ = UsageOf(k.backend)
	}
	return s
}

// Close ends the refills in the background, waits for them, but not longer than
// a second, and closes the Backend. After it Do only runs its fill, and every
// other method returns ErrClosed. A second Close returns nil.
func (c *Cache) Close() error {
	k := c.core.Load()
	if k == nil || k.closed.Swap(true) {
		return nil
	}
	if !k.inProcess {
		outside.Add(-1)
	}
	k.background.close(closePatience)
	err := k.backend.Close()
	if k.near != nil {
		err = errors.Join(err, k.near.backend.Close())
	}
	if k.fallback != nil {
		err = errors.Join(err, k.fallback.Close())
	}
	return err
}

// closePatience is how long Close waits for fills that do not heed their ctx.
const closePatience = time.Second

// open returns the core of a cache that can be used, for a method that reports
// why it is not.
func (c *Cache) open() (*core, error) {
	k := c.core.Load()
	if k == nil {
		return nil, ErrNotOpen
	}
	if k.closed.Load() {
		return nil, ErrClosed
	}
	return k, nil
}

// bound is what an entry under key is bound to: see entry.
func (c *core) bound(key string) string {
	if c.inProcess {
		return ""
	}
	return key
}

// key returns what the Backend knows k by.
func (c *core) key(k Key) string {
	if c.prefix == "" {
		return k.text
	}
	return c.prefix + k.text
}

func (c *core) label() string {
	if name := c.name.Load(); name != nil {
		return *name
	}
	return ""
}

// textsOf returns what the Backend knows keys by, or why one of them is invalid.
func (c *core) textsOf(keys []Key) ([]string, error) {
	texts := make([]string, len(keys))
	for i, k := range keys {
		if err := k.Err(); err != nil {
			return nil, err
		}
		texts[i] = c.key(k)
	}
	return texts, nil
}
