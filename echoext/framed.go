package echoext

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBody is above which a buffer is left to the garbage collector.
const maxPooledBody = 1 << 20

func freeBody(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBody {
		b.Reset()
		bodies.Put(b)
	}
}

// replayFramed writes a stored page with holes. These are filled first: of what fails
// nothing is written.
func (v *visit) replayFramed(page *stored, status string) error {
	r := v.Cache.Registry()
	framed, ok := fragment.OpenFrame(page.body, func(h fragment.Hole) bool { return r.HasHole(h.Name) })
	if !ok {
		return pass(v.c, v.next, cacheName+"; fwd=bypass; detail=foreign")
	}
	body := bodies.Get().(*bytes.Buffer)
	defer freeBody(body)
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
