package redisbackend_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/redisbackend"
)

// An ear hears what a Backend that watches is told.
type ear struct {
	mu    sync.Mutex
	keys  map[string]time.Time // when it was told last; guarded by mu
	alls  int                  // how often anything may have changed; guarded by mu
	calls int                  // guarded by mu
}

func (e *ear) changed(keys ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if len(keys) == 0 {
		e.alls++
	}
	for _, key := range keys {
		e.keys[key] = time.Now()
	}
}

func (e *ear) heard(key string) (at time.Time, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok = e.keys[key]
	return at, ok
}

func (e *ear) flushes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.alls
}

// wantKey waits until key is told.
func (e *ear) wantKey(t testing.TB, key string) {
	t.Helper()
	eventually(t, "a change of "+key+" is told", func() bool { _, ok := e.heard(key); return ok })
}

// wantKnown waits until key is told when b sets it: of a sender that is new, it is
// told at first that anything may have changed.
func (e *ear) wantKnown(t testing.TB, b *redisbackend.Backend, key string) {
	t.Helper()
	eventually(t, "a change of "+key+" is told", func() bool {
		set(t, b, key, "value")
		_, ok := e.heard(key)
		return ok
	})
}

// wantFlush requires that after f anything may have changed, within d.
func (e *ear) wantFlush(t testing.TB, what string, d time.Duration, f func()) {
	t.Helper()
	before, began := e.flushes(), time.Now()
	f()
	eventually(t, "all is told to have changed after "+what, func() bool { return e.flushes() > before })
	if took := time.Since(began); took > d {
		t.Errorf("%s: told after %v, want %v at most", what, took, d)
	}
}
