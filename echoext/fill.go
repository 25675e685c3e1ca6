package echoext

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// fill runs the handler into a recorder and returns the page to be stored. The
// ctx, and with it the Scope, travels in the request.
func (v *visit) fill(ctx context.Context) ([]byte, error) {
	v.ctx, v.rec = ctx, newRecorder(v)
	if v.err = v.run(ctx); v.err != nil {
		return nil, v.err
	}
	if err := v.request.Context().Err(); err != nil {
		return nil, err // what the handler did after that is no page
	}
	if why := v.refusal(); why != "" {
		v.rec.why = why
		fragment.DoNotStore(ctx, why)
		return nil, nil
	}
	return v.pack(ctx), nil
}

// run calls the handler with a response and a request of its own. Both are put
// back whatever the handler, or middleware inside, made of them, also when it
// panics.
func (v *visit) run(ctx context.Context) error {
	out := v.c.Response()
	defer v.c.SetResponse(out)
	defer v.c.SetRequest(v.request)
	v.rec.out = out
	v.c.SetResponse(echo.NewResponse(v.rec, v.c.Echo()))
	v.c.SetRequest(v.shown(ctx))
	defer v.hideParameters()()
	return v.next(v.c)
}

// shown returns the request as the handler sees it: without what the key leaves
// out, and without the conditions that the cache answers itself.
func (v *visit) shown(ctx context.Context) *http.Request {
	r := v.request.WithContext(context.WithValue(ctx, depthKey{}, v.depth+1))
	r.Header = v.request.Header.Clone()
	for _, name := range []string{"Cookie", "If-None-Match", "If-Modified-Since"} {
		delete(r.Header, name)
	}
	if r.URL.RawQuery == v.query {
		return r
	}
	u := *r.URL
	u.RawQuery, u.ForceQuery = v.query, false
	r.URL = &u
	r.RequestURI, _, _ = strings.Cut(r.RequestURI, "?")
	if v.query != "" {
		r.RequestURI += "?" + v.query
	}
	r.Form, r.PostForm = nil, nil // parsed before us, from the whole query
	return r
}

// hideParameters takes the parameters that do not count out of the query that
// the Echo context has parsed, if middleware outside made it do so. What it
// returns puts them back.
func (v *visit) hideParameters() (restore func()) {
	parsed, shown := v.c.QueryParams(), v.c.Request().URL.Query()
	hidden := make(map[string][]string)
	for name, values := range parsed {
		if _, ok := shown[name]; !ok {
			hidden[name] = values
			delete(parsed, name)
		}
	}
	return func() {
		for name, values := range hidden {
			parsed[name] = values
		}
	}
}

// refusal tells why what the handler wrote is no page to be stored, or "". What
// its header alone tells was asked before: see recorder.WriteHeader.
func (v *visit) refusal() string {
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
	case v.tellsToken(rec.body.Bytes()):
		return "csrf-token"
	}
	return ""
}

// tellsToken reports whether a body holds the request's CSRF token, as Echo's
// CSRF middleware leaves it in the context: it would be shown to everybody.
func (v *visit) tellsToken(body []byte) bool {
	token, _ := v.c.Get("csrf").(string)
	return token != "" && bytes.Contains(body, []byte(token))
}

// pack completes the header and returns what is to be stored under the key that
// was asked for: the page, or if it varies by more than that key tells, the
// spec to ask by, with the page beside it.
func (v *visit) pack(ctx context.Context) []byte {
	h, body := v.rec.header, v.rec.body.Bytes()
	at := time.Now()
	if age, err := strconv.ParseInt(h.Get("Age"), 10, 32); err == nil && age > 0 {
		at = at.Add(-time.Duration(age) * time.Second) // from a cache inside
	}
	complete(h, body, v.Browser)
	s, _ := varyOf(h)
	s = s.and(v.vary)
	addVary(h, s)
	page, head := encode(v.rec.status, at, h, body)
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
func complete(h http.Header, body []byte, browser string) {
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
	if _, set := h["Content-Type"]; !set && len(body) > 0 && len(h["Content-Encoding"]) == 0 {
		h.Set("Content-Type", http.DetectContentType(body)) // as net/http would, also for a HEAD
	}
	if h.Get("Etag") == "" {
		sum := sha256.Sum256(body)
		h.Set("Etag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	}
	if len(h["Cache-Control"]) == 0 {
		h.Set("Cache-Control", browser)
	}
}
