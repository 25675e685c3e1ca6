package echoext

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// The Cache-Status of a response (RFC 9211) begins with the name of the cache.
const (
	cacheName   = "pongocache"
	hitStatus   = cacheName + "; hit"
	oldStatus   = cacheName + "; hit; detail=stale"
	staleStatus = cacheName + "; fwd=stale; detail=refill-failed"
)

// ServedStale is called by the engine when it serves this visit a stale page.
func (v *visit) ServedStale() { v.stale = true }

func (v *visit) hitOrStale() string {
	switch {
	case v.rec != nil: // the handler ran, and failed
		return staleStatus
	case v.stale:
		return oldStatus
	}
	return hitStatus
}

// replay writes a stored page, or 304 if the client has it.
func (v *visit) replay(page *stored, status string) error {
	if page.framed {
		return v.replayFramed(page, status)
	}
	if v.found.ifNone != nil && matches(v.found.ifNone, page.etag()) {
		v.replay304(page, status)
		return nil
	}
	out := v.c.Response()
	page.into(out.Header(), status, nil)
	v.askBrowser(out.Header())
	if v.filled { // the page is not stored, and of this visitor
		v.forOne(out.Header())
	}
	out.WriteHeader(page.status)
	if v.request.Method == http.MethodHead || len(page.body) == 0 {
		return nil
	}
	_, err := out.Write(page.body)
	return err
}

// into sets the header lines that pick, if not nil, chooses, and tells how the
// response came about and how old it is. All values share one array; each header
// has its own part of it, with no room to grow into the next one's.
func (p *stored) into(h http.Header, status string, pick func(name string) bool) {
	values := make([]string, 0, len(p.lengths)/lineHead+2)
	last, from := "", 0
	for name, value := range p.lines {
		if pick != nil && !pick(name) {
			continue
		}
		if name != last {
			last, from = name, len(values)
			if adds(name) {
				values = append(values, h[name]...)
			}
		}
		values = append(values, value)
		h[name] = values[from:len(values):len(values)]
	}
	if status == hitStatus || status == oldStatus || status == staleStatus {
		age := max(time.Now().Unix()-p.at, 0)
		values = append(values, strconv.FormatInt(age, 10))
		h["Age"] = values[len(values)-1 : len(values) : len(values)]
	}
	values = append(values, status)
	tell(h, values[len(values)-1:len(values):len(values)])
}

// askBrowser sets Cache-Control where neither the handler nor middleware outside
// did. A Page around this one does so itself, in what it sends: here it would
// take it for the handler's.
func (v *visit) askBrowser(h http.Header) {
	if len(h["Cache-Control"]) == 0 && v.depth == 0 {
		h.Set("Cache-Control", v.Browser)
	}
}

// tell adds to Cache-Status, whose last member is of the cache nearest to the
// client.
func tell(h http.Header, status []string) {
	if before := h["Cache-Status"]; len(before) > 0 {
		status = append(slices.Clip(before), status...)
	}
	h["Cache-Status"] = status
}

// answerFilled writes what the handler of this visit wrote.
func (v *visit) answerFilled() error {
	if v.rec.passing {
		return v.err
	}
	if v.page == nil {
		v.rec.passOn()
		return nil
	}
	page, _, _ := decode(v.page)
	return v.replay(&page, v.missStatus())
}

// missStatus tells what was missing, and whether it is stored now.
func (v *visit) missStatus() string {
	if stored, why := fragment.Kept(v.ctx); !stored {
		return v.missStatusWhy(why)
	}
	return v.missStatusWhy("") + "; stored"
}

// missStatusWhy tells what was missing, and why it is not stored.
func (v *visit) missStatusWhy(why string) string {
	status := cacheName + "; fwd=uri-miss"
	if v.spec != v.vary {
		status = cacheName + "; fwd=vary-miss"
	}
	return status + detail(why)
}

// detail is a parameter of Cache-Status: a token, or else a quoted string.
func detail(why string) string {
	if why == "" {
		return ""
	}
	for _, c := range []byte(why) {
		if c < ' ' || c > '~' {
			return "; detail=other"
		}
	}
	if isToken(why) {
		return "; detail=" + why
	}
	return "; detail=" + strconv.Quote(why)
}

// isToken reports a Structured Field token that begins with a letter (RFC 9651,
// section 3.3.4).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '_')) {
			return false
		}
	}
	return s != ""
}

// head answers a HEAD from the page that a GET stored, or lets the handler
// answer; what that says is not stored.
func (v *visit) head() error {
	if !v.refreshes() {
		if page, _, ok := v.find(pageSpace); ok {
			return v.replay(&page, hitStatus)
		}
	}
	return pass(v.c, v.next, cacheName+"; fwd=uri-miss; detail=head")
}
