package echoext

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// PageConfig configures the page cache. Only Cache is required.
type PageConfig struct {
	// Skipper, if not nil, reports requests that pass by the cache untouched.
	Skipper func(echo.Context) bool

	// Cache holds the pages.
	Cache *fragment.Cache

	// Policy is that of the pages. A fill, that is a handler, can add tags and
	// shorten the life of its page by the functions of package fragment with
	// the context of its request.
	Policy fragment.Policy

	// Browser is the Cache-Control of responses whose handler set none. Empty
	// is "no-cache": browsers keep the page but ask each time, so that an
	// invalidation reaches them all, at the price of a 304.
	Browser string

	// Vary names request headers by which pages differ, in addition to those
	// that responses name in their own Vary.
	Vary []string

	// IgnoreQuery names query parameters that are neither keyed nor shown to
	// the handler; "utm_*" stands for all that begin with "utm_". Nil is
	// TrackingParameters(); an empty list ignores none.
	IgnoreQuery []string

	// OnlyQuery, if not nil, names the only query parameters that are keyed and
	// shown to the handler; an empty list means none at all.
	OnlyQuery []string

	// HarmlessCookies names cookies that do not tell visitors apart in what
	// they are shown; "_ga*" stands for all that begin with "_ga". They are
	// hidden from the handler. A request with any other cookie passes by the
	// cache. Nil is AnalyticsCookies(); an empty list means no cookie at all.
	HarmlessCookies []string

	// Store, if not nil, decides more narrowly what is stored: it is asked when
	// the handler has written the header of a response that could be.
	Store func(status int, header http.Header) bool

	// Refresh, if not nil, reports requests that render the page anew, for
	// everybody. The old page remains should that fail.
	Refresh func(echo.Context) bool

	// MaxBody is the largest body in bytes that is stored; a larger one streams
	// through. Zero is 512 KiB.
	MaxBody int
}

const defaultMaxBody = 512 << 10

// Page returns middleware that caches views in c by the policy p. It panics if
// c is nil, as Echo's own middleware does for a configuration that cannot work.
func Page(c *fragment.Cache, p fragment.Policy) echo.MiddlewareFunc {
	return PageWithConfig(PageConfig{Cache: c, Policy: p})
}

// PageWithConfig returns middleware that caches views. It panics if the
// configuration cannot work; PageConfig.ToMiddleware returns an error instead.
func PageWithConfig(config PageConfig) echo.MiddlewareFunc {
	mw, err := config.ToMiddleware()
	if err != nil {
		panic(err)
	}
	return mw
}

// ToMiddleware returns the middleware, or what is wrong with the configuration.
func (config PageConfig) ToMiddleware() (echo.MiddlewareFunc, error) {
	p, err := newPages(config)
	if err != nil {
		return nil, err
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return p.serve(c, next) }
	}, nil
}

// pages is a configuration made ready.
type pages struct {
	PageConfig
	vary     spec
	query    queryRule
	harmless patterns
}

func newPages(config PageConfig) (*pages, error) {
	if config.Cache == nil {
		return nil, errors.New("echoext: PageConfig.Cache is nil: pass a cache, such as registry.Cache(\"default\")")
	}
	for _, tag := range config.Policy.Tags {
		if err := fragment.CheckTag(tag); err != nil {
			return nil, fmt.Errorf("echoext: PageConfig.Policy.Tags: %w", err)
		}
	}
	if config.MaxBody < 0 {
		return nil, fmt.Errorf("echoext: PageConfig.MaxBody is %d: want a number of bytes, or 0 for %d", config.MaxBody, defaultMaxBody)
	}
	p := &pages{PageConfig: config}
	if p.MaxBody == 0 {
		p.MaxBody = defaultMaxBody
	}
	if p.Browser == "" {
		p.Browser = "no-cache"
	}
	for _, name := range config.Vary {
		if name == "" || name == "*" {
			return nil, fmt.Errorf("echoext: PageConfig.Vary has %q: want names of request headers", name)
		}
		p.vary = p.vary.with(textproto.CanonicalMIMEHeaderKey(name))
	}
	var err error
	if p.query, err = newQueryRule(config); err != nil {
		return nil, err
	}
	p.harmless, err = newPatterns("HarmlessCookies", orDefault(config.HarmlessCookies, AnalyticsCookies))
	return p, err
}

func orDefault(list []string, byDefault func() []string) []string {
	if list == nil {
		return byDefault()
	}
	return slices.Clone(list)
}
