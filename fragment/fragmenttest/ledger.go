package fragmenttest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A Ledger is a Backend in memory that remembers each value that was ever set, also
// those that are gone: to test that what belongs to one visitor is stored nowhere. It
// grows with each Set, and is safe for concurrent use.
type Ledger struct {
	fragment.Backend

	mu     sync.Mutex
	stored strings.Builder // guarded by mu
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger { return &Ledger{Backend: NewMemory()} }

// Set implements fragment.Backend.
func (l *Ledger) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	l.mu.Lock()
	l.stored.Write(value)
	l.mu.Unlock()
	return l.Backend.Set(ctx, key, value, ttl)
}

// WantWithout reports an error if text, in whatever case, was ever a part of a value.
func (l *Ledger) WantWithout(t testing.TB, text string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Contains(strings.ToLower(l.stored.String()), strings.ToLower(text)) {
		t.Errorf("%q was stored", text)
	}
}
