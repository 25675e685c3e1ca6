package echoext

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pongocache/pongocache/fragment"
)

// A recorder is the http.ResponseWriter of a handler whose response may be
// stored. It keeps header and body to itself, so that headers of middleware
// outside are not stored with them. As soon as the response turns out not to be
// storable, by its header, its size or a flush, it is passed on as it comes, and
// whoever waits for it is let go.
type recorder struct {
	v      *visit
	out    *echo.Response // of the middleware outside
	header http.Header    // the handler's to change
	sent   http.Header    // what it was when it was written: what is set later is not sent
	status int
	body   bytes.Buffer

	wrote   bool   // the header is written
	passing bool   // to out, from now on
	why     string // it is not stored
	lost    bool   // holes are in what is being encoded: it goes nowhere
	held    []byte // of what is passed on: it may be the begin of the mark of a hole
}

func newRecorder(v *visit) *recorder {
	return &recorder{v: v, header: make(http.Header)}
}

// Header returns the header of the response. Once it is passed on, that is the
// one of out, where net/http looks for trailers.
func (r *recorder) Header() http.Header {
	if r.passing {
		return r.out.Header()
	}
	return r.header
}

// WriteHeader takes the status and decides by it and the header.
func (r *recorder) WriteHeader(status int) {
	if r.wrote || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return // a second status, or an interim response, which Echo cannot send
	}
	r.wrote, r.status, r.sent = true, status, r.header.Clone()
	if r.encodes() {
		return
	}
	if why := r.v.refuse(status, r.sent); why != "" {
		r.pass(why)
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if !r.wrote {
		r.WriteHeader(http.StatusOK)
	}
	if r.lost {
		return len(p), nil
	}
	if !r.passing && r.body.Len()+len(p) > r.v.MaxBody {
		r.pass("too-large")
	}
	if r.passing {
		return r.through(p)
	}
	return r.body.Write(p)
}

// WriteString spares writers of strings a copy.
func (r *recorder) WriteString(s string) (int, error) {
	if r.wrote && !r.passing && !r.lost && r.body.Len()+len(s) <= r.v.MaxBody {
		return r.body.WriteString(s)
	}
	return r.Write([]byte(s))
}

// pass passes on what was written so far, and all that follows.
func (r *recorder) pass(why string) {
	r.why = why
	fragment.DoNotStore(r.v.ctx, why)
	r.passOn()
}

// passOn writes to out what there is of the response. The body is written only
// if there is any: a 304 has none.
func (r *recorder) passOn() {
	if r.passing {
		return
	}
	r.passing = true
	r.v.holes.Stop()
	h := r.out.Header()
	h.Add("Cache-Status", r.v.missStatusWhy(r.why))
	if !r.wrote {
		add(h, r.header)
		return
	}
	add(h, r.sent)
	if r.v.filled || r.v.holes.Len() > 0 {
		r.v.forOne(h)
	}
	r.out.WriteHeader(r.status)
	if r.body.Len() > 0 {
		_, _ = r.through(r.body.Bytes()) // the handler learns of a client that left by its next write
	}
	r.trail()
}

// trail hands the trailers so far to out. A handler may hold on to the header
// that it was given first.
func (r *recorder) trail() {
	for name, values := range r.header {
		if _, sent := r.sent[name]; r.passing && !sent {
			r.out.Header()[name] = values // a trailer, or too late and of no effect
		}
	}
}

// add adds the header of the handler to that of middleware outside.
func add(h, own http.Header) {
	for name, values := range own {
		if adds(name) {
			values = append(slices.Clip(h[name]), values...)
		}
		h[name] = values
	}
}

// FlushError passes the response on and flushes it.
func (r *recorder) FlushError() error {
	if !r.wrote {
		r.WriteHeader(http.StatusOK)
	}
	if r.lost {
		return nil
	}
	if !r.passing {
		r.pass("flushed")
	}
	r.release()
	return http.NewResponseController(r.out.Writer).Flush()
}

// Flush is FlushError for those who look for an http.Flusher.
func (r *recorder) Flush() { _ = r.FlushError() }

// Hijack hands over the connection, if that can be done.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := r.out.Hijack()
	if err == nil {
		r.why, r.passing = "hijacked", true
		fragment.DoNotStore(r.v.ctx, r.why)
	}
	return conn, rw, err
}

// Push is for HTTP/2 server push.
func (r *recorder) Push(target string, opts *http.PushOptions) error {
	var w http.ResponseWriter = r.out.Writer
	if p, ok := w.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}

// Unwrap lets http.ResponseController find the deadlines of the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.out }

func (r *recorder) trailers() bool {
	if len(r.sent["Trailer"]) > 0 {
		return true
	}
	for name := range r.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// cutShort reports a body that is not as long as the handler had said.
func (r *recorder) cutShort() bool {
	length := r.sent.Get("Content-Length")
	return length != "" && length != strconv.Itoa(r.body.Len())
}
