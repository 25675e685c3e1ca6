package memorybackend_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A cache that is given its size several times an hour is told from the TTL of a
// day that its entries have.
func TestRegistryWarnsOfASizeThatIsTooSmallForTheTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r fragment.Registry
		defer r.Close()
		for name, ttl := range map[string]time.Duration{"day": 24 * time.Hour, "minute": time.Minute} {
			c, err := r.Open(ctx, name, "memory://?size=8MiB", fragment.Options{Policy: fragment.Policy{TTL: ttl}})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2000 { // which is five times the size
				if err := c.Set(ctx, fragment.KeyOf("k", i), make([]byte, 20_000), fragment.Policy{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(time.Hour)
		got := r.Warnings(fragment.WarnOptions{})
		if len(got) != 1 || !strings.Contains(got[0], `cache "day" is full, and its entries make way for others after`) {
			t.Errorf("got the warnings %q, want one, of the cache with a TTL of a day", got)
		}
	})
}
