package fragment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// The URLs of caches that are made of others:
//
//	tiered:?near=<URL>&far=<URL>&ttl=30s&jitter=0.1     Options.Near
//	fallback:?first=<URL>&then=<URL>&ttl=10s            Options.Fallback
//
// The URLs inside are percent-encoded. Each may be one of these again.

// A composed is what those open, for New to take apart.
type composed struct {
	Backend
	rest     Backend
	complete func(*Options) error
}

// Close closes both: New failed.
func (c *composed) Close() error { return errors.Join(c.Backend.Close(), c.rest.Close()) }

func init() {
	Register("tiered", openTiered)
	Register("fallback", openFallback)
}

func openTiered(ctx context.Context, u *URL) (Backend, error) {
	nearURL, farURL := u.String("near", ""), u.String("far", "")
	ttl, jitter := u.Duration("ttl", 0), u.Float("jitter", 0)
	if err := errors.Join(u.alone("near and far"), u.Err()); err != nil {
		return nil, err
	}
	near, err := u.inner(ctx, "near", nearURL)
	if err != nil {
		return nil, err
	}
	far, err := u.inner(ctx, "far", farURL)
	if err != nil {
		return nil, errors.Join(err, near.Close())
	}
	return &composed{far, near, func(o *Options) error {
		if o.Near != nil {
			return errors.New("fragment: Options.Near is set, and the URL names one too: leave one of them out")
		}
		o.Near, o.NearTTL, o.NearJitter = near, cmp.Or(ttl, o.NearTTL), cmp.Or(jitter, o.NearJitter)
		return nil
	}}, nil
}

func openFallback(ctx context.Context, u *URL) (Backend, error) {
	firstURL, thenURL, ttl := u.String("first", ""), u.String("then", ""), u.Duration("ttl", 0)
	if err := errors.Join(u.alone("first and then"), u.Err()); err != nil {
		return nil, err
	}
	first, err := u.inner(ctx, "first", firstURL)
	if err != nil {
		return nil, err
	}
	then, err := u.inner(ctx, "then", thenURL)
	if err != nil {
		return nil, errors.Join(err, first.Close())
	}
	return &composed{first, then, func(o *Options) error { return o.fallBackTo(then, ttl) }}, nil
}

// fallBackTo makes a Cache over b the fallback of one with these Options.
func (o *Options) fallBackTo(b Backend, ttl time.Duration) error {
	if o.Fallback != nil {
		return errors.New("fragment: Options.Fallback is set, and the URL names one too: leave one of them out")
	}
	own := Options{
		Prefix: o.Prefix, Policy: o.Policy, MaxValue: o.MaxValue, Transforms: o.Transforms, Wait: o.Wait,
		ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, MaxFaults: o.MaxFaults, Observe: o.Observe,
	}
	c, err := New(b, own)
	if err != nil {
		return err
	}
	o.Fallback, o.FallbackTTL = c, cmp.Or(ttl, o.FallbackTTL)
	return nil
}

// alone reports that a URL has more than parameters.
func (u *URL) alone(params string) error {
	if u.Host != "" || u.Path != "" || u.Opaque != "" || u.User != nil {
		return fmt.Errorf("it takes parameters alone, %s: write %s:?…", params, u.Scheme)
	}
	return nil
}

// inner opens the URL that is the parameter name.
func (u *URL) inner(ctx context.Context, name, rawURL string) (Backend, error) {
	if rawURL == "" {
		return nil, fmt.Errorf("parameter %s is missing: want a cache URL, percent-encoded, such as %s=bigcache%%3A%%2F%%2F%%3Fsize%%3D64MiB", name, name)
	}
	b, err := openBackend(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", name, err)
	}
	return b, nil
}

// takeApart returns the Backend that b is made of, and completes o by the rest.
func takeApart(b Backend, o *Options) (Backend, error) {
	for {
		c, ok := b.(*composed)
		if !ok {
			return b, nil
		}
		if err := c.complete(o); err != nil {
			return nil, err
		}
		b = c.Backend
	}
}
