package echoext

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

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
	//
	// With Policy.Detach a stale page is served at once to everybody, and the
	// handler runs in the background, with a copy of the request, a context of
	// its own and of c.Get what Carry names. The Detach of the Cache alone does
	// not do that: not every handler bears it.
	Policy fragment.Policy

	// Carry names values of the Echo context, set by middleware outside of Page,
	// that a handler needs which runs in the background: a logger, a tenant. They
	// must be safe to use after the request, and by two goroutines.
	Carry []string

	// Browser is the Cache-Control of responses whose handler set none. Empty
	// is "no-cache": browsers keep the page but ask each time, so that an
	// invalidation reaches them all, at the price of a 304. A page with holes has
	// "private, no-cache" instead.
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
	// they are shown, or in holes alone; "_ga*" stands for all that begin with "_ga".
	// They are hidden from the handler, and not from holes. A request with any other cookie passes by the
	// cache. Nil is AnalyticsCookies(); an empty list means no cookie at all.
	HarmlessCookies []string

	// Identity names request headers that say who is asking, in addition to
	// IdentityHeaders(); "X-Acme-*" stands for all that begin with "X-Acme-". A
	// request that has one passes by the cache.
	Identity []string

	// CSRFContextKey is where Echo's CSRF middleware leaves its token in the
	// context, as its ContextKey says: a response that shows the token is not
	// stored. Empty is "csrf".
	CSRFContextKey string

	// Store, if not nil, decides more narrowly what is stored: it is asked when
	// the handler has written the header of a response that could be.
	Store func(status int, header http.Header) bool

	// Refresh, if not nil, reports requests that render the page anew, for
	// everybody. The old page remains should that fail.
	Refresh func(echo.Context) bool

	// MaxBody is the largest body in bytes that is stored; a larger one streams
	// through. Zero is 384 KiB, which the default bigcache just takes.
	MaxBody int
}

const defaultMaxBody = 384 << 10

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
	identity patterns
}

func newPages(config PageConfig) (*pages, error) {
	if config.Cache == nil {
		return nil, errors.New("echoext: PageConfig.Cache is nil: pass a cache, such as registry.Cache(\"default\")")
	}
	if err := config.Policy.Check(); err != nil {
		return nil, fmt.Errorf("echoext: PageConfig.Policy: %w", err)
	}
	if !isFieldValue(config.Browser) {
		return nil, fmt.Errorf("echoext: PageConfig.Browser is %q: want the value of a Cache-Control header, such as \"public, max-age=60\"", config.Browser)
	}
	if config.MaxBody < 0 {
		return nil, fmt.Errorf("echoext: PageConfig.MaxBody is %d: want a number of bytes, or 0 for %d", config.MaxBody, defaultMaxBody)
	}
	p := &pages{PageConfig: config}
	if p.CSRFContextKey == "" {
		p.CSRFContextKey = "csrf"
	}
	if p.MaxBody == 0 {
		p.MaxBody = defaultMaxBody
	}
	if p.Browser == "" {
		p.Browser = "no-cache"
	}
	for _, name := range config.Vary {
		if name == "*" || !isFieldName(name) {
			return nil, fmt.Errorf("echoext: PageConfig.Vary has %q: want names of request headers, one each", name)
		}
		p.vary = p.vary.with(textproto.CanonicalMIMEHeaderKey(name))
	}
	var err error
	if p.query, err = newQueryRule(config); err != nil {
		return nil, err
	}
	if p.harmless, err = newPatterns("HarmlessCookies", orDefault(config.HarmlessCookies, AnalyticsCookies)); err != nil {
		return nil, err
	}
	var own []string
	for _, name := range config.Identity {
		own = append(own, textproto.CanonicalMIMEHeaderKey(name))
	}
	p.identity, err = newPatterns("Identity", append(IdentityHeaders(), own...))
	return p, err
}

func orDefault(list []string, byDefault func() []string) []string {
	if list == nil {
		return byDefault()
	}
	return slices.Clone(list)
}

// isFieldName reports a token (RFC 9110, section 5.6.2).
func isFieldName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return name != ""
}

// isFieldValue reports text without control bytes.
func isFieldValue(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}
