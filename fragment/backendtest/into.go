package backendtest

import (
	"bytes"
	"context"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// wantInto requires that GetInto of keys sets what GetMany returns: nil for what is
// not there, and for nothing else.
func (s *subject) wantInto(t testing.TB, keys []string, items map[string][]byte) {
	t.Helper()
	values := make([][]byte, len(keys))
	if err := fragment.GetInto(context.Background(), s.Backend, keys, values); err != nil {
		t.Fatalf("GetInto: got error %v, want none", err)
	}
	for i, key := range keys {
		want, there := items[key]
		if got := values[i]; there != (got != nil) || !bytes.Equal(got, want) {
			t.Errorf("GetInto: got %s for %q (there: %v), want %s (there: %v)", show(got), key, got != nil, show(want), there)
		}
	}
}
