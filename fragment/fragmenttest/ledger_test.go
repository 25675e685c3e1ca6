package fragmenttest_test

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// errorsOnly notes that a test would have failed.
type errorsOnly struct {
	testing.TB
	failed bool
}

func (e *errorsOnly) Helper()               {}
func (e *errorsOnly) Errorf(string, ...any) { e.failed = true }

func TestLedgerRemembersWhatIsGone(t *testing.T) {
	l := fragmenttest.NewLedger()
	for _, value := range []string{"a Secret", "b"} {
		if err := l.Set(t.Context(), "k", []byte(value), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]bool{"secret": true, "b": true, "other": false} {
		e := new(errorsOnly)
		if l.WantWithout(e, text); e.failed != want {
			t.Errorf("%q: failed is %v, want %v", text, e.failed, want)
		}
	}
}
