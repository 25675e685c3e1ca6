package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// newRegistry returns the registry of the site's caches. A cache that fails
// breaks no page; the log is where it shows.
func newRegistry(log *slog.Logger) *fragment.Registry {
	return &fragment.Registry{Observe: fragment.LogTo(log)}
}

// openCaches opens the caches of the site by their names. Each has a prefix,
// because a store that is shared with others may hold entries of theirs.
func openCaches(ctx context.Context, caches *fragment.Registry, rawURL string) error {
	if _, err := parseURL(rawURL); err != nil {
		return fmt.Errorf("-cache: %w", err)
	}
	for _, name := range []string{fragment.DefaultName, modularName} {
		if _, err := caches.Open(ctx, name, rawURL, fragment.Options{Prefix: "pongocache-example:" + name}); err != nil {
			return errors.Join(fmt.Errorf("-cache: %w", err), caches.Close())
		}
	}
	return nil
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
	place, inMemory := describeCache(config.Cache)
	if inMemory {
		fmt.Fprintf(out, "Nothing to clear: %s lives in the memory of the process that opens it, and this one is new.\n"+
			"A running site clears its own on POST /clear, the button on its first page.\n", place)
		return nil
	}
	fmt.Fprintf(out, "Cleared the entries of the example site in %s.\n", place)
	return nil
}

// describeCache names the cache at rawURL, which has been opened before, for
// people: without user and password. inMemory tells that it belongs to one
// process.
func describeCache(rawURL string) (place string, inMemory bool) {
	u, err := parseURL(rawURL)
	if err != nil {
		return "the cache", false
	}
	inMemory = u.Scheme == "bigcache" || u.Scheme == "null"
	if u.User != nil {
		return withoutSecrets(u), inMemory
	}
	return rawURL, inMemory
}
