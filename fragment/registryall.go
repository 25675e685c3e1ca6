package fragment

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// configured is a cache that is to be opened.
type configured struct {
	name, url, near, fallback string
	options                   Options
}

// place is the URL of all that the cache is made of.
func (c *configured) place() string {
	place := c.url
	if c.near != "" {
		place = "tiered:?near=" + url.QueryEscape(c.near) + "&far=" + url.QueryEscape(place)
	}
	if c.fallback != "" {
		place = "fallback:?first=" + url.QueryEscape(place) + "&then=" + url.QueryEscape(c.fallback)
	}
	return place
}

// optionsOf is what a cache has unless it is configured otherwise.
func (r *Registry) optionsOf(name string) Options {
	if r.Options == nil {
		return Options{}
	}
	return r.Options(name)
}

// openAll opens caches under their names, all or none. A name that is taken
// meanwhile counts as one that could not be opened.
func (r *Registry) openAll(ctx context.Context, caches []configured) error {
	var opened []*Cache
	for _, one := range caches {
		if err := r.free(one.name); err != nil {
			return errors.Join(err, closeAll(opened))
		}
		c, err := r.openFree(ctx, one.place(), one.options)
		if err != nil {
			return errors.Join(fmt.Errorf("cache %q: %w", one.name, err), closeAll(opened))
		}
		opened = append(opened, c)
	}
	if err := r.putAll(caches, opened); err != nil {
		return errors.Join(err, closeAll(opened))
	}
	return nil
}

// openFree opens a cache whose name is free, or was so a moment ago.
func (r *Registry) openFree(ctx context.Context, rawURL string, o Options) (*Cache, error) {
	if o.Observe == nil {
		o.Observe = r.Observe
	}
	return openQuietly(ctx, rawURL, o)
}

// putAll gives each of caches its name, if none is taken.
func (r *Registry) putAll(caches []configured, opened []*Cache) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range caches {
		if err := r.taken(one.name); err != nil {
			return err
		}
	}
	for i, one := range caches {
		r.name(one.name, opened[i], true)
	}
	return nil
}

func closeAll(caches []*Cache) error {
	var errs []error
	for _, c := range caches {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
