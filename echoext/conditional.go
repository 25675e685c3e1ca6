package echoext

import (
	"net/http"
	"strings"
)

// unchanged answers 304 if what the client has is what is stored (RFC 9110, section
// 13.1.2), from the copy of the head: the body is not read. What a visitor has of a
// page with holes is known when these are filled.
func (v *visit) unchanged() bool {
	head, _, ok := v.find(headSpace)
	if !ok || head.framed || !matches(v.found.ifNone, head.etag()) {
		return false
	}
	v.replay304(&head, hitStatus)
	return true
}

// matches reports whether one of the entity tags in lines is etag by weak
// comparison, or is "*".
func matches(lines []string, etag string) bool {
	if etag == "" {
		return false
	}
	etag = strings.TrimPrefix(etag, "W/")
	for _, line := range lines {
		for rest := strings.Trim(line, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			if rest[0] == '*' {
				return true
			}
			rest = strings.TrimPrefix(rest, "W/")
			if rest == "" || rest[0] != '"' {
				break // not a list of entity tags
			}
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				break
			}
			if rest[:end+2] == etag {
				return true
			}
			rest = rest[end+2:]
		}
	}
	return false
}

// replay304 writes a 304 with the fields that it must have (RFC 9110, section
// 15.4.5).
func (v *visit) replay304(page *stored, status string) {
	h := v.c.Response().Header()
	page.into(h, status, of304)
	v.askBrowser(h)
	v.c.Response().WriteHeader(http.StatusNotModified)
}

// of304 reports the fields of the header that a 304 has.
func of304(name string) bool {
	switch name {
	case "Cache-Control", "Content-Location", "Date", "Etag", "Expires", "Vary":
		return true
	}
	return false
}
