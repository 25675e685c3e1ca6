package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// defaultCache is the cache that nobody has chosen: it needs nothing but Go.
const defaultCache = "bigcache://"

// newRegistry returns the registry of the site's caches. A cache that fails
// breaks no page; the log is where it shows. Each has a prefix, because a store
// that is shared with others may hold entries of theirs.
func newRegistry(log *slog.Logger) *fragment.Registry {
	return &fragment.Registry{
		Observe: fragment.LogTo(log),
		Options: func(name string) fragment.Options {
			return fragment.Options{Prefix: "pongocache-example:" + name}
		},
	}
}

// openCaches opens the caches of the site by their names: all of them on rawURL,
// or without one as the environment says. CACHES names each by itself, and what
// it leaves out stays closed; CACHE_URL is for all.
func openCaches(ctx context.Context, caches *fragment.Registry, rawURL string) error {
	err := openFrom(ctx, caches, rawURL)
	if err != nil && rawURL != "" {
		err = fmt.Errorf("-cache: %w", err)
	}
	if err != nil {
		return errors.Join(err, caches.Close())
	}
	return nil
}

func openFrom(ctx context.Context, caches *fragment.Registry, rawURL string) error {
	var err error
	if rawURL == "" {
		err = caches.OpenEnv(ctx, defaultCache) // which takes a CACHE_URL for one cache
	} else {
		err = openOn(ctx, caches, fragment.DefaultName, rawURL)
	}
	if err != nil || rawURL == "" && os.Getenv("CACHES") != "" {
		return err
	}
	return openOn(ctx, caches, modularName, cmp.Or(rawURL, os.Getenv("CACHE_URL"), defaultCache))
}

func openOn(ctx context.Context, caches *fragment.Registry, name, rawURL string) error {
	_, err := caches.Open(ctx, name, rawURL, caches.Options(name))
	return err
}

// warn tells once, at the start, what may be a mistake in how the caches are
// configured.
func (s *Site) warn() {
	for _, warning := range s.caches.Warnings(fragment.WarnOptions{}) {
		s.log.Warn(warning)
	}
}

// clear answers POST /clear: it removes the site's own entries, and no others.
func (s *Site) clear(c echo.Context) error {
	if err := s.caches.Clear(c.Request().Context()); err != nil {
		return err
	}
	s.log.Info("cleared all caches")
	return seeOther(c, "/")
}

// clearAndReport is what the flag -clear does.
func clearAndReport(ctx context.Context, config Config, out io.Writer) error {
	caches := newRegistry(config.Log)
	if err := openCaches(ctx, caches, config.Cache); err != nil {
		return err
	}
	if err := errors.Join(caches.Clear(ctx), caches.Close()); err != nil {
		return err
	}
	place, inMemory := describeCaches(config.Cache)
	if inMemory {
		fmt.Fprintf(out, "Nothing to clear: %s lives in the memory of the process that opens it, and this one is new.\n"+
			"A running site clears its own on POST /clear, the button on its first page.\n", place)
		return nil
	}
	fmt.Fprintf(out, "Cleared the entries of the example site in %s.\n", place)
	return nil
}
