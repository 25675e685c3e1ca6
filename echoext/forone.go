package echoext

import (
	"net/http"
	"strings"
)

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
