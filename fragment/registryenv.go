package fragment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// The variables that OpenEnv reads.
const (
	envURL    = "CACHE_URL"
	envCaches = "CACHES"
)

// OpenEnv opens the caches that the environment describes, all or none:
//
//	CACHE_URL   the URL of the cache called "default"
//	CACHES      several by name, as JSON that OpenConfig takes, or the path of a
//	            file that holds it
//
// To set both is an error. If none is set, or they are empty, byDefault is the URL
// of the cache called "default"; where that is empty too, it is an error, for a
// program that must not run on a cache which nobody has chosen. Errors name the
// variable, the cache and the field, and never hold a password.
func (r *Registry) OpenEnv(ctx context.Context, byDefault string) error {
	rawURL, caches := os.Getenv(envURL), os.Getenv(envCaches)
	switch {
	case rawURL != "" && caches != "":
		return fmt.Errorf("fragment: %s and %s are both set: set one of them", envURL, envCaches)
	case caches != "":
		return r.openCaches(ctx, caches)
	case rawURL != "":
		return labelled(envURL, r.openDefault(ctx, rawURL))
	case byDefault != "":
		return labelled("neither "+envURL+" nor "+envCaches+" is set, so the default is opened", r.openDefault(ctx, byDefault))
	}
	return fmt.Errorf("fragment: neither %s nor %s is set: want %s=redis://cache:6379 for one cache, or %s=%s for several", envURL, envCaches, envURL, envCaches, configForm)
}

// OpenConfig opens the caches that text describes, all or none: a JSON object
// with an object for each cache, under its name.
//
//	{
//	  "default": {"url": "redis://cache:6379", "prefix": "shop", "ttl": "5m", "near": "bigcache://?size=64MiB"},
//	  "pages":   {"url": "bigcache://?size=256MiB", "stale": "1h", "jitter": 0.1}
//	}
//
// A name has letters, digits and characters of "._:/-", at most 64 of them. The
// url is required. The other fields are those of Options and its Policy:
//
//	prefix
//	ttl  stale  not_found_ttl                           "90s", "5m", "1h30m", "7d" or "forever"
//	error_ttl  retry_after  fill_timeout
//	fill_soft_timeout  wait  read_timeout  write_timeout   the same without "forever"
//	jitter  near_jitter                                 a number from 0 to 1
//	early                                               a number, not below 0
//	detach                                              true or false
//	max_value                                           "1MiB" or "500KB"
//	near  fallback                                      URLs of those caches
//	near_ttl  fallback_ttl                              as fill_timeout
//
// What is left out is as Registry.Options says, or else the default. Any other
// field, a name or field that is there twice, and a value of another kind are
// errors that name the cache and the field, and hold no values.
func (r *Registry) OpenConfig(ctx context.Context, text []byte) error {
	return labelled("configuration", r.openConfig(ctx, text))
}

func (r *Registry) openConfig(ctx context.Context, text []byte) error {
	caches, err := r.parseConfig(text)
	if err != nil {
		return err
	}
	return r.openAll(ctx, caches)
}

func (r *Registry) openDefault(ctx context.Context, rawURL string) error {
	return r.openAll(ctx, []configured{{name: DefaultName, url: rawURL, options: r.optionsOf(DefaultName)}})
}

// openCaches opens what the variable CACHES says. Somebody may have put a URL
// there, so it is not shown where it can hold a password.
func (r *Registry) openCaches(ctx context.Context, value string) error {
	if isConfig([]byte(value)) {
		return labelled(envCaches, r.openConfig(ctx, []byte(value)))
	}
	if strings.Contains(value, "://") {
		return fmt.Errorf("fragment: %s holds a URL: put it into %s, or write %s", envCaches, envURL, configForm)
	}
	text, err := os.ReadFile(value)
	if err != nil {
		return fmt.Errorf("fragment: %s is neither JSON such as %s nor the path of a file that can be read: %w", envCaches, configForm, causeOf(err))
	}
	return labelled("the file that "+envCaches+" names", r.openConfig(ctx, text))
}

func isConfig(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) }

// causeOf is what is wrong with a file, without its path.
func causeOf(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// labelled says where what is wrong was written.
func labelled(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("fragment: %s: %w", where, err)
}
