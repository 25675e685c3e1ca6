package echoext

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
)

// Detached implements fragment.Filler. A page whose policy says Detach is
// rendered in the background by its handler, with an Echo context and a request of
// its own: both belong to Echo again as soon as this visit is answered.
//
// A visitor with a CSRF token renders alone. What the handler made of that token
// would not be stored, and without it would be stored in vain.
func (v *visit) Detached() func(context.Context) ([]byte, error) {
	if token, _ := v.c.Get(v.CSRFContextKey).(string); token != "" || !v.Policy.Detach {
		return nil
	}
	later := &visit{
		pages: v.pages, next: v.next, name: v.name, scheme: v.scheme, query: v.query, depth: v.depth, found: v.found, spec: v.spec,
		background: true,
	}
	later.found.ifNone = nil
	request := v.request.Clone(context.Background())
	request.Body = http.NoBody
	later.c = v.contextFor(request)
	return func(ctx context.Context) ([]byte, error) {
		later.request = request.WithContext(ctx)
		later.c.SetRequest(later.request)
		return later.Fill(ctx)
	}
}

// contextFor returns an Echo context for request, on the route of this visit, whose
// response goes nowhere.
func (v *visit) contextFor(request *http.Request) echo.Context {
	c := v.c.Echo().NewContext(request, nowhere{make(http.Header)})
	c.SetPath(v.c.Path())
	c.SetParamNames(slices.Clone(v.c.ParamNames())...)
	c.SetParamValues(slices.Clone(v.c.ParamValues())...)
	c.SetHandler(v.c.Handler())
	for _, key := range v.Carry {
		c.Set(key, v.c.Get(key))
	}
	return c
}

// nowhere is the http.ResponseWriter of a page that nobody is waiting for.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header       { return n.header }
func (nowhere) WriteHeader(int)             {}
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
