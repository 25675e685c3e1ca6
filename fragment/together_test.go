package fragment_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// Of many keys that were looked up together some are refilled in the background
// while others are filled: what was seen is not changed under their hands. The
// race detector tells.
func TestWhatWasSeenTogetherIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcesses(t, 1, fragment.Options{})
		c, keys := p.caches[0], keysOf(1, 2, 3, 4)
		for i := range 20 {
			for _, k := range keys[:2] {
				must(t, c.Set(t.Context(), k, []byte("old"), staleMinute))
			}
			time.Sleep(2 * time.Second)
			cold := fragment.Policy{TTL: time.Second, Stale: time.Minute, Detach: true, Tags: []string{string(rune('a' + i))}}
			answers, err := c.DoMany(t.Context(), keys, cold, func(_ context.Context, missing []int) ([]fragment.Filled, error) {
				return make([]fragment.Filled, len(missing)), nil
			})
			must(t, err)
			if got := string(answers[0].Value); got != "old" {
				t.Errorf("got %q, want old: nothing was refilled in the background", got)
			}
			synctest.Wait()
			must(t, c.Delete(t.Context(), keys...))
		}
	})
}
