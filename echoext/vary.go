package echoext

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// A spec lists the request headers that tell the variants of a page apart:
// canonical names in order, joined by commas. Equal specs are equal strings.
type spec string

func (s spec) names() []string {
	if s == "" {
		return nil
	}
	return strings.Split(string(s), ",")
}

// with returns the spec with name added. The name is canonical.
func (s spec) with(name string) spec {
	names := s.names()
	at, has := slices.BinarySearch(names, name)
	if has {
		return s
	}
	return spec(strings.Join(slices.Insert(names, at, name), ","))
}

// and returns the spec of all names of both.
func (s spec) and(other spec) spec {
	for _, name := range other.names() {
		s = s.with(name)
	}
	return s
}

// varyOf returns what a response varies by; any is true for "*". What a
// response implies is added: an encoded body varies by what the client accepts,
// and one for a certain origin by the origin (RFC 9110, sections 12.5.3 and
// 12.5.5; Fetch standard, section 3.2.6).
func varyOf(h http.Header) (s spec, any bool) {
	for _, line := range h["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			switch name = strings.Trim(name, " \t"); name {
			case "":
			case "*":
				return "", true
			default:
				s = s.with(textproto.CanonicalMIMEHeaderKey(name))
			}
		}
	}
	if len(h["Content-Encoding"]) > 0 {
		s = s.with("Accept-Encoding")
	}
	if origin := h["Access-Control-Allow-Origin"]; len(origin) > 0 && origin[0] != "*" {
		s = s.with("Origin")
	}
	return s, false
}

// adds reports the fields that are lists of which middleware outside and the
// handler may each add a part. Of any other field the handler's is sent.
func adds(name string) bool {
	switch name {
	case "Vary", "Set-Cookie", "Link", "Server-Timing", "Www-Authenticate":
		return true
	}
	return false
}

// addVary adds names to the Vary header, each once.
func addVary(h http.Header, s spec) {
	has, any := varyOf(http.Header{"Vary": h["Vary"]})
	if any {
		return
	}
	var missing []string
	for _, name := range s.names() {
		if !slices.Contains(has.names(), name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		h["Vary"] = append(slices.Clip(h["Vary"]), strings.Join(missing, ", "))
	}
}
