package fragment_test

import (
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// A URL inside another one, of which a "&" in the password was not encoded and the
// rest was.
func TestRestOfAPasswordThatIsTakenForAParameterIsNotShown(t *testing.T) {
	for _, rawURL := range []string{
		"tiered:?near=bigcache%3A&far=redis%3A%2F%2F%3Ase&cret%40cache",
		"fallback:?first=redis%3A%2F%2F%3Ase&cret%40cache&then=bigcache%3A",
		"tiered:?near=bigcache%3A&far=redis%3A%2F%2F%3Ase&jitter=cret%40cache",
	} {
		if c, err := fragment.Open(t.Context(), rawURL, fragment.Options{}); err == nil {
			c.Close()
			t.Errorf("%s: no error", rawURL)
		} else if strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v", rawURL, err)
		}
	}
}
