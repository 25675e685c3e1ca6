package echoext

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// Fill implements fragment.Filler: it runs the handler into a recorder and
// returns the page to be stored. The ctx, and with it the Scope, travels in the
// request.
func (v *visit) Fill(ctx context.Context) ([]byte, error) {
	ctx, v.holes = fragment.CollectHoles(ctx, v.Cache.Registry(), v.fillHole)
	v.ctx, v.rec = ctx, newRecorder(v)
	v.err = v.run(ctx)
	body, lost := v.frame()
	if lost {
		v.runAgain(ctx)
	}
	if err := ctx.Err(); err != nil { // the visitor left, or FillTimeout is over
		return nil, cmp.Or(v.err, err) // what the handler did after that is no page
	}
	if v.err != nil {
		// Those who wait get answers of their own: a header that was set, or a
		// part that was written, goes with the error.
		fragment.DoNotStore(ctx, "error")
		return nil, v.err
	}
	if why := v.refusal(body); why != "" {
		v.rec.why = why
		fragment.DoNotStore(ctx, why)
		return nil, nil
	}
	return v.pack(ctx, body), nil
}

// run calls the handler with a response and a request of its own. Both are put
// back whatever the handler, or middleware inside, made of them, also when it
// panics.
func (v *visit) run(ctx context.Context) error {
	out := v.c.Response()
	defer v.c.SetResponse(out)
	defer v.c.SetRequest(v.request)
	v.rec.out, v.out = out, out
	v.c.SetResponse(echo.NewResponse(v.rec, v.c.Echo()))
	defer v.hideParameters()()
	v.c.SetRequest(v.shown(ctx))
	err := v.next(v.c)
	v.rec.release()
	v.rec.trail()
	return err
}

// shown returns the request as the handler sees it: without what the key leaves
// out, and without the conditions that the cache answers itself.
func (v *visit) shown(ctx context.Context) *http.Request {
	r := v.request.WithContext(context.WithValue(withEcho(ctx, v.c), depthKey{}, v.depth+1))
	r.Header = v.request.Header.Clone()
	for _, name := range []string{"Cookie", "If-None-Match", "If-Modified-Since"} {
		delete(r.Header, name)
	}
	// An absolute target has a scheme, user and host that are in no key; Host
	// and Scheme of the request are.
	u := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: v.query}
	if r.URL.RequestURI() != r.RequestURI || u != *r.URL {
		r.URL, r.RequestURI = &u, u.RequestURI()
		r.Form, r.PostForm = nil, nil // parsed before us, from the whole query
	}
	return r
}

// hideParameters leaves in the query that the Echo context has parsed, perhaps
// for middleware outside, what the handler may see. What it returns puts the
// rest back.
func (v *visit) hideParameters() (restore func()) {
	if v.request.URL.RawQuery == v.query {
		return func() {}
	}
	parsed := v.c.QueryParams() // one map for as long as the request lasts
	all := maps.Clone(parsed)
	shown, _ := url.ParseQuery(v.query)
	clear(parsed)
	maps.Copy(parsed, shown)
	return func() {
		clear(parsed)
		maps.Copy(parsed, all)
	}
}

// refusal tells why what the handler wrote is no page to be stored, or "". What
// its header alone tells was asked before: see recorder.WriteHeader.
func (v *visit) refusal(body []byte) string {
	rec := v.rec
	switch {
	case rec.passing:
		return rec.why
	case !rec.wrote:
		return "nothing-written"
	case rec.trailers():
		return "trailer"
	case rec.cutShort():
		return "incomplete"
	case v.tellsToken(body):
		return "csrf-token"
	case v.lost:
		return "hole-lost"
	case v.holes.Len() > 0 && invites(v.cacheControl(rec.sent), rec.sent):
		return "public-hole"
	}
	return ""
}

// tellsToken reports whether a response holds the request's CSRF token, as
// Echo's CSRF middleware leaves it in the context: it would be shown to
// everybody. An encoded body may hold anything; a framed one also holds what is
// handed to the holes, but not what these show.
func (v *visit) tellsToken(body []byte) bool {
	token, _ := v.c.Get(v.CSRFContextKey).(string)
	if token == "" {
		return false
	}
	for _, values := range v.rec.sent {
		if slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, token) }) {
			return true
		}
	}
	return len(v.rec.sent["Content-Encoding"]) > 0 || bytes.Contains(body, []byte(token))
}

// pack completes the header and returns what is to be stored under the key that
// was asked for: the page, or if it varies by more than that key tells, the
// spec to ask by, with the page beside it. The body is framed if it has holes.
func (v *visit) pack(ctx context.Context, body []byte) []byte {
	h := v.rec.sent
	at := time.Now()
	if age, err := strconv.ParseInt(h.Get("Age"), 10, 32); err == nil && age > 0 {
		at = at.Add(-time.Duration(age) * time.Second) // from a cache inside
	}
	setType(h, v.rec.body.Bytes())
	complete(h, body)
	s, _ := varyOf(h)
	s = s.and(v.vary)
	addVary(h, s)
	page, head := encode(v.rec.status, at, h, body)
	if v.holes.Len() > 0 {
		page[0] = kindFramed
	}
	v.page = page

	s = s.and(v.spec)
	fragment.StoreWith(ctx, v.key(headSpace, s), page[:head])
	if s == v.spec {
		return page
	}
	fragment.StoreWith(ctx, v.key(pageSpace, s), page)
	fragment.StoreWith(ctx, v.key(headSpace, v.spec), s.encode())
	if v.spec != v.vary {
		fragment.StoreWith(ctx, v.key(pageSpace, v.vary), s.encode())
		fragment.StoreWith(ctx, v.key(headSpace, v.vary), s.encode())
	}
	return s.encode()
}

// complete adds to a header what a stored page has, and removes what belongs to
// one connection or one moment (RFC 9110, section 7.6.1; RFC 9111, section 3.1).
func complete(h http.Header, body []byte) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.Trim(name, " \t"))
		}
	}
	for _, name := range []string{
		"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Age", "Cache-Status",
	} {
		delete(h, name)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Etag") == "" {
		sum := sha256.Sum256(body)
		h.Set("Etag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	}
}

// setType sets the Content-Type as net/http would, also for a HEAD.
func setType(h http.Header, body []byte) {
	if _, set := h["Content-Type"]; !set && len(body) > 0 && len(h["Content-Encoding"]) == 0 {
		h.Set("Content-Type", http.DetectContentType(body))
	}
}
