package echoext

import (
	"net/http"
	"strconv"
	"strings"
)

// refuse tells by status and header why a response is not to be stored, or "".
func (v *visit) refuse(status int, h http.Header) string {
	_, varyAll := varyOf(h)
	switch {
	case status != http.StatusOK:
		return "status-" + strconv.Itoa(status)
	case len(h["Set-Cookie"]) > 0 || len(h["Set-Cookie2"]) > 0:
		return "set-cookie"
	case forbids(v.cacheControl(h)):
		return "cache-control"
	case varyAll:
		return "vary-star"
	case v.Store != nil && !v.Store(status, h):
		return "store"
	}
	return ""
}

// cacheControl is that of the handler or, without one, what middleware outside
// has set for it.
func (v *visit) cacheControl(h http.Header) []string {
	if own := h["Cache-Control"]; len(own) > 0 {
		return own
	}
	return v.rec.out.Header()["Cache-Control"]
}

// forbids reports a Cache-Control that has private, no-store or no-cache, with
// or without an argument, in any case, on any line (RFC 9111, section 5.2). What
// is in quotes is an argument of another directive.
func forbids(lines []string) bool {
	for _, line := range lines {
		for rest := line; rest != ""; {
			var directive string
			directive, rest = nextDirective(rest)
			name, _, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.Trim(name, " \t\"")) {
			case "private", "no-store", "no-cache":
				return true
			}
		}
	}
	return false
}

// nextDirective cuts a list at its first comma outside of quotes.
func nextDirective(list string) (directive, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return list[:i], list[i+1:]
			}
		}
	}
	return list, ""
}
