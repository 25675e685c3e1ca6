package echoext

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

type echoKey struct{}

func withEcho(ctx context.Context, c echo.Context) context.Context {
	return context.WithValue(ctx, echoKey{}, c)
}

// Context returns the Echo context of the request that a hole is filled for, from the
// ctx that its fragment.HoleFunc was given. Ok is false where templates are not
// rendered by Renderer nor behind a Page. The request is as it came, with the cookies
// that are hidden from the handler of a Page, and what is set in the header of the
// response, such as a cookie, is sent to this visitor alone. It must not be used after
// the HoleFunc returned.
func Context(ctx context.Context) (c echo.Context, ok bool) {
	c, ok = ctx.Value(echoKey{}).(echo.Context)
	return c, ok
}

// fillHole fills a hole for the visitor of v. Before the handler ran, and behind it,
// response and request are what they are set to here; while it runs they are its own.
func (v *visit) fillHole(w io.Writer, r *fragment.Registry, h fragment.Hole) error {
	if v.background {
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

// invites reports whether the header of a response lets caches that several visitors
// share store it, or any cache answer without asking. A page with holes is not stored
// then: where a request passes by Page, the handler itself would send what is of one
// visitor with it.
func invites(cacheControl []string, h http.Header) bool {
	for _, line := range cacheControl {
		for rest := line; rest != ""; {
			var directive string
			directive, rest = nextDirective(rest)
			name, _, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.Trim(name, " \t")) {
			case "public", "s-maxage", "max-age", "immutable", "stale-while-revalidate", "stale-if-error":
				return true
			}
		}
	}
	return len(h["Expires"]) > 0 || len(h["Cdn-Cache-Control"]) > 0 || len(h["Surrogate-Control"]) > 0
}

// forOne makes h that of a response which is of one visitor. Its length is not known
// to who wrote the header. A Page around this one does the rest in what it sends.
func (v *visit) forOne(h http.Header) {
	delete(h, "Content-Length")
	delete(h, "Last-Modified") // of what is shared
	if v.depth == 0 {
		for _, name := range []string{"Expires", "Cdn-Cache-Control", "Surrogate-Control", "Surrogate-Key"} {
			delete(h, name)
		}
		if !forbidsStore(h["Cache-Control"]) {
			h.Set("Cache-Control", "private, no-cache")
		}
	}
}

// forbidsStore reports a Cache-Control that has no-store, which is stricter yet.
func forbidsStore(lines []string) bool {
	return strings.Contains(strings.ToLower(strings.Join(lines, ",")), "no-store")
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// replayFramed writes a stored page with holes. These are filled first: of what fails
// nothing is written.
func (v *visit) replayFramed(page *stored, status string) error {
	r := v.Cache.Registry()
	framed, ok := fragment.OpenFrame(page.body, func(h fragment.Hole) bool { return r.HasHole(h.Name) })
	if !ok {
		return pass(v.c, v.next, cacheName+"; fwd=bypass; detail=foreign")
	}
	body := bodies.Get().(*bytes.Buffer)
	body.Reset()
	defer func() {
		if body.Cap() <= 1<<20 {
			bodies.Put(body)
		}
	}()
	etag, err := v.fillFramed(body, framed, page.etag())
	if err != nil {
		var status *echo.HTTPError
		if errors.As(err, &status) {
			return status // Echo does not look behind what wraps it
		}
		return err
	}
	return v.writeFilled(page, body, etag, status)
}

// fillFramed writes a page with its holes filled to body. The entity tag changes with
// what the holes show.
func (v *visit) fillFramed(body *bytes.Buffer, framed fragment.Framed, shared string) (etag string, err error) {
	sum := sha256.New()
	sum.Write([]byte(shared))
	err = framed.Write(body, func(h fragment.Hole) error {
		from := body.Len()
		err := v.fillHole(body, v.Cache.Registry(), h)
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(body.Len()-from))
		sum.Write(size[:])
		sum.Write(body.Bytes()[from:])
		return err
	})
	etag = `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16]) + `"`
	if strings.HasPrefix(shared, "W/") {
		etag = "W/" + etag
	}
	return etag, err
}

func (v *visit) writeFilled(page *stored, body *bytes.Buffer, etag, status string) error {
	out := v.c.Response()
	h := out.Header()
	if v.found.ifNone != nil && matches(v.found.ifNone, etag) {
		page.into(h, status, of304)
		v.forOne(h)
		h.Set("Etag", etag)
		out.WriteHeader(http.StatusNotModified)
		return nil
	}
	page.into(h, status, nil)
	v.forOne(h)
	h.Set("Etag", etag)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	out.WriteHeader(page.status)
	if v.request.Method == http.MethodHead || body.Len() == 0 {
		return nil
	}
	_, err := out.Write(body.Bytes())
	return err
}
