package fragment_test

import (
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment"
)

// A fill whose answer is not stored leaves nothing behind.
func TestFillsThatStoreNothingLeaveNothing(t *testing.T) {
	for what, f := range map[string]fill{"an error": fails, "DoNotStore": private("v"), "a panic": panics} {
		synctest.Test(t, func(t *testing.T) {
			p := newProcesses(t, 1, fragment.Options{})
			for i := range 100 {
				panicOf(func() { p.caches[0].Do(t.Context(), fragment.KeyOf("k", i), withTags(), f) })
			}
			synctest.Wait()
			if n := p.server.Len(); n > 2 {
				t.Errorf("%s: %d keys are left, want those of Clear and the epoch", what, n)
			}
		})
	}
}
