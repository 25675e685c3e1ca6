package echoext

import (
	"strings"

	"github.com/pongocache/pongocache/fragment"
)

// The key spaces of this package.
const (
	pageSpace = fragment.Space("page") // responses, and the specs of those that vary
	headSpace = fragment.Space("head") // the same without bodies, for conditional requests
)

// key returns the key of this visit's page in space, for the variant by s, or
// of what all variants share if s is "".
func (v *visit) key(space fragment.Space, s spec) fragment.Key {
	r := v.request
	var b fragment.KeyBuilder
	b.Start(space, v.name)
	b.String(v.scheme)
	b.String(r.Host)
	b.String(r.URL.EscapedPath())
	b.String(r.URL.RawPath) // routes by it, also where middleware left it behind that changed Path
	b.String(v.query)
	if v.depth > 0 { // a Page inside another: their responses differ by the middleware between them
		b.Int(int64(v.depth))
	}
	if v.found.keyed {
		for _, name := range keyedHeaders {
			if values := r.Header[name]; values != nil {
				b.String(name)
				v.values(&b, values)
			}
		}
	}
	if s != "" {
		b.Bool(true)
		b.String(string(s))
		for name := range strings.SplitSeq(string(s), ",") {
			v.values(&b, v.header(name))
		}
	}
	return b.Key()
}

// header returns the values of a request header as the handler sees them.
func (v *visit) header(name string) []string {
	switch name {
	case "Cookie": // a visit with cookies that count does not get here
		return nil
	case "Host":
		return nil // part of every key
	}
	return v.request.Header[name]
}

// values adds the lines of a header. An absent header is not an empty one.
func (v *visit) values(b *fragment.KeyBuilder, lines []string) {
	if lines == nil {
		b.Nil()
		return
	}
	b.Int(int64(len(lines)))
	for _, line := range lines {
		b.String(line)
	}
}
