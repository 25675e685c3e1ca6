package echoext

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// A visit is one request that the cache may answer.
type visit struct {
	*pages
	c       echo.Context
	next    echo.HandlerFunc
	request *http.Request // as it came
	name    string        // of the keys: the route
	scheme  string
	query   string // normalised
	depth   int    // how many Page middlewares are around this one
	found   finding
	spec    spec // of the key that is being looked up

	// of the handler, if it ran
	rec  *recorder
	err  error
	ctx  context.Context
	page []byte // what the handler wrote, if it may be stored

	holes      *fragment.Holes // of the page; nil if it has no entry
	lost       bool            // a hole was, so that the handler ran again
	filled     bool            // a hole, while the handler ran
	background bool            // there is no visitor
	over       atomic.Bool     // the visitor is answered
	out        *echo.Response  // of the middleware outside

	stale bool // what is served
}

// visits are pooled, so that a hit allocates nothing for what only a miss needs.
var visits = sync.Pool{New: func() any { return new(visit) }}

// release gives v back, unless its handler ran: what that left behind, such as
// a goroutine that still writes, must not find the visit of another request.
func (v *visit) release() {
	if v.rec == nil {
		*v = visit{}
		visits.Put(v)
		return
	}
	v.over.Store(true)
}

func (p *pages) serve(c echo.Context, next echo.HandlerFunc) error {
	if p.Skipper != nil && p.Skipper(c) {
		return next(c)
	}
	r := c.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return pass(c, next, cacheName+"; fwd=method")
	}
	v := visits.Get().(*visit)
	defer v.release()
	v.pages, v.c, v.next, v.request = p, c, next, r
	if why := p.inspect(r, &v.found); why != "" {
		return pass(c, next, cacheName+"; fwd=bypass; detail="+why)
	}
	v.name = c.Path()
	if v.name == "" {
		v.name = "*"
	}
	v.scheme = schemeOf(c, v.found.scheme)
	v.query = p.query.normalise(r.URL.RawQuery)
	v.depth = depthOf(r.Context())
	if r.Method == http.MethodHead {
		return v.head()
	}
	return v.get()
}

// pass lets a request by, and says so.
func pass(c echo.Context, next echo.HandlerFunc, status string) error {
	c.Response().Header().Add("Cache-Status", status)
	return next(c)
}

// schemeOf is c.Scheme(), and cheaper where no header speaks of the scheme.
func schemeOf(c echo.Context, told bool) string {
	if e := c.Echo(); told || e == nil || e.SchemeExtractor != nil {
		return c.Scheme()
	}
	if c.Request().TLS != nil {
		return "https"
	}
	return "http"
}

// get answers a GET.
func (v *visit) get() error {
	policy := v.Policy
	policy.Refresh = v.refreshes()
	if v.found.ifNone != nil && !policy.Refresh && v.unchanged() {
		return nil
	}
	v.spec = v.vary
	if policy.Refresh {
		_, v.spec, _ = v.find(pageSpace) // the variant, not what leads to it
	}
	for range maxSpecs {
		value, err := v.Cache.DoFiller(v.request.Context(), v.key(pageSpace, v.spec), policy, v)
		page, other, ok := decode(value)
		switch {
		case v.rec != nil && (v.err == nil || v.rec.passing):
			return v.answerFilled()
		case err != nil:
			return v.fail(err)
		case ok && other == "":
			return v.replay(&page, v.hitOrStale())
		case v.rec != nil: // the handler failed, and this is no page to answer with
			return v.fail(v.err)
		case !ok: // not ours, or of another version
			return pass(v.c, v.next, cacheName+"; fwd=bypass; detail=foreign")
		}
		v.spec = other
	}
	return pass(v.c, v.next, cacheName+"; fwd=bypass; detail=variants")
}

// maxSpecs is how often a page may turn out to vary by further headers on the
// way to its variant.
const maxSpecs = 4

// fail ends a visit whose handler, or that of the one it waited for, failed.
func (v *visit) fail(err error) error {
	if v.rec == nil {
		return err
	}
	if v.rec.why == "" {
		v.rec.why = "error"
	}
	v.rec.passOn()
	return v.err
}

func (v *visit) refreshes() bool { return v.Refresh != nil && v.Refresh(v.c) }

type depthKey struct{}

func depthOf(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}

// find reads the stored page, or its head, in the variant of this visit without
// filling. It returns the spec by which it looked last.
func (v *visit) find(space fragment.Space) (page stored, s spec, ok bool) {
	s = v.vary
	for range maxSpecs {
		value, ok, err := v.Cache.Get(v.request.Context(), v.key(space, s))
		if !ok || err != nil {
			return stored{}, s, false
		}
		page, other, ok := decode(value)
		if !ok || other == "" {
			return page, s, ok
		}
		s = other
	}
	return stored{}, s, false
}
