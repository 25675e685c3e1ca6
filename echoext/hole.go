package echoext

import (
	"context"
	"io"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

type echoKey struct{}

func withEcho(ctx context.Context, c echo.Context) context.Context {
	return context.WithValue(ctx, echoKey{}, c)
}

// Context returns the Echo context of the request that a hole is filled for, from the
// ctx that its fragment.HoleFunc was given. Ok is false where templates are not
// rendered by Renderer nor behind a Page, and with any other ctx. The request is as it
// came, with the cookies that are hidden from the handler of a Page, and what is set in
// the header of the response, such as a cookie, is sent to this visitor alone. It must
// not be used after the HoleFunc returned.
func Context(ctx context.Context) (c echo.Context, ok bool) {
	if !fragment.InHole(ctx) {
		return nil, false // in a fill, what is of one visitor must not be had
	}
	c, ok = ctx.Value(echoKey{}).(echo.Context)
	return c, ok
}

// fillHole fills a hole for the visitor of v. Before the handler ran, and behind it,
// response and request are what they are set to here; while it runs they are its own.
func (v *visit) fillHole(w io.Writer, r *fragment.Registry, h fragment.Hole) error {
	if v.background || v.over.Load() { // a goroutine that was left behind may still write
		return nil
	}
	response, request := v.c.Response(), v.c.Request()
	defer v.c.SetResponse(response)
	defer v.c.SetRequest(request)
	if v.out != nil {
		v.c.SetResponse(v.out)
	}
	v.c.SetRequest(v.request)
	v.filled = true
	return fragment.WriteHole(withEcho(v.request.Context(), v.c), w, r, h)
}

// frame returns the body of what the handler wrote, framed if it has holes. Lost is
// true if one of these is not in it as it should be.
func (v *visit) frame() (body []byte, lost bool) {
	switch {
	case v.rec.lost:
		return nil, true
	case v.rec.passing || v.holes.Len() == 0:
		return v.rec.body.Bytes(), false
	case v.err != nil || !v.rec.wrote:
		return nil, false
	}
	body, err := v.holes.Frame(nil, v.rec.body.Bytes())
	return body, err != nil
}

// runAgain calls the handler once more, and fills each hole where it stands: what it
// wrote cannot be shown to anybody. In the background nobody is waiting for it.
func (v *visit) runAgain(ctx context.Context) {
	v.lost = true
	fragment.DoNotStore(ctx, "hole-lost")
	v.holes.Stop()
	if v.background || ctx.Err() != nil {
		return
	}
	v.rec = newRecorder(v)
	v.err = v.run(ctx)
}
