package fragment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// DefaultName is the name of the cache that a surface uses when it is given
// none. A Registry takes "" for it.
const DefaultName = "default"

// A Registry holds caches by name, shared by all surfaces. The zero value is
// ready. It is safe for concurrent use and must not be copied.
type Registry struct {
	// Observe is told the events of caches that are declared, or opened without
	// an observer of their own; not of those given to Use.
	// It must be set before the Registry is used.
	Observe func(context.Context, Event)

	// Options, if not nil, is what the cache called name has unless OpenEnv or
	// OpenConfig read otherwise: Transforms, say, which a text cannot hold.
	Options func(name string) Options

	mu     sync.Mutex
	caches map[string]*Cache // guarded by mu, as what follows
	opened []*Cache          // by Open: Close closes them
	closed bool
}

// Open opens rawURL as the cache called name, as the function Open does, and
// completes a Cache that was declared before under that name. A name that is
// opened or used already is an error.
func (r *Registry) Open(ctx context.Context, name, rawURL string, o Options) (*Cache, error) {
	if err := r.free(name); err != nil {
		return nil, err
	}
	c, err := r.openFree(ctx, rawURL, o)
	if err != nil {
		return nil, fmt.Errorf("fragment: cache %q: %w", nameOf(name), err)
	}
	named, err := r.put(name, c, true)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return named, nil
}

// Use makes c the cache called name, and completes a Cache that was declared
// before under that name. Closing the Registry does not close c. A name that is
// opened or used already is an error.
func (r *Registry) Use(name string, c *Cache) error {
	if c == nil || c.core.Load() == nil {
		return fmt.Errorf("fragment: cache %q: Use needs an open cache, made by New or Open", nameOf(name))
	}
	_, err := r.put(name, c, false)
	return err
}

// Cache returns the cache called name. It may be asked for before it is opened:
// a part of a program can declare what another configures. Until then its fills
// run, nothing is stored, and one Event (or, without Registry.Observe, one line
// of slog.Default) says why.
func (r *Registry) Cache(name string) *Cache {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.declare(nameOf(name))
}

// Lookup returns the cache called name; ok is false if it was never opened, used
// nor declared.
func (r *Registry) Lookup(name string) (c *Cache, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok = r.caches[nameOf(name)]
	return c, ok
}

// Names returns the names of the caches that were opened, used or declared, in
// order.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.caches))
}

// InvalidateTags is Cache.InvalidateTags for every cache of the Registry, as one
// step: an entry of one cache that is built meanwhile on a part from another
// is not stored as new.
func (r *Registry) InvalidateTags(ctx context.Context, tags ...string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return invalidateCores(ctx, r.cores(), ofTags(tags), Event{Reason: "tags", Tags: tags})
}

// Clear is Cache.Clear for every cache of the Registry, as one step.
func (r *Registry) Clear(ctx context.Context) error {
	return invalidateCores(ctx, r.cores(), ofClear, Event{Reason: "clear"})
}

// Close closes the caches that Open opened, and returns their errors joined. A
// second Close returns nil. Nothing can be opened after it.
func (r *Registry) Close() error {
	r.mu.Lock()
	opened := r.opened
	r.opened, r.closed = nil, true
	r.mu.Unlock()
	return closeAll(opened)
}

func nameOf(name string) string {
	if name == "" {
		return DefaultName
	}
	return name
}

// free reports why name cannot be opened, before anything is opened for it.
func (r *Registry) free(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken(nameOf(name))
}

// taken reports why name cannot be given a core. The caller holds mu.
func (r *Registry) taken(name string) error {
	if r.closed {
		return fmt.Errorf("fragment: cache %q: the registry is closed", name)
	}
	if c := r.caches[name]; c != nil && c.core.Load() != nil {
		return fmt.Errorf("fragment: cache %q is open already: give each cache a name of its own", name)
	}
	return nil
}

// put makes the core of c that of the handle called name.
func (r *Registry) put(name string, c *Cache, own bool) (*Cache, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = nameOf(name)
	if err := r.taken(name); err != nil {
		return nil, err
	}
	return r.name(name, c, own), nil
}

// name gives c its name, which is free. The caller holds mu.
func (r *Registry) name(name string, c *Cache, own bool) *Cache {
	named, k := r.declare(name), c.core.Load()
	named.core.Store(k)
	k.called(name)
	if own {
		r.opened = append(r.opened, named)
		k.greet()
	}
	return named
}

func (r *Registry) declare(name string) *Cache {
	c := r.caches[name]
	if c == nil {
		c = &Cache{name: name, observe: r.Observe}
		if r.caches == nil {
			r.caches = make(map[string]*Cache)
		}
		r.caches[name] = c
	}
	return c
}

// cores returns the open caches, each once although it may have several names.
func (r *Registry) cores() []*core {
	r.mu.Lock()
	defer r.mu.Unlock()
	var cores []*core
	for _, c := range r.caches {
		if k := c.core.Load(); k != nil && !slices.Contains(cores, k) {
			cores = append(cores, k)
		}
	}
	return cores
}

// warnUnopened tells once that a declared cache is used before it is opened.
func (c *Cache) warnUnopened(ctx context.Context) {
	c.warned.Do(func() {
		if c.observe == nil {
			slog.WarnContext(ctx, ErrNotOpen.Error(), "cache", c.name)
			return
		}
		c.observe(ctx, Event{Kind: EventSkip, Cache: c.name, Reason: ErrNotOpen.Error(), Err: ErrNotOpen})
	})
}
