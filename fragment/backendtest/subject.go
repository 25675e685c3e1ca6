package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// subject is the backend under test, with calls that fail the test unless they
// go well.
type subject struct {
	fragment.Backend
	Harness
}

const ttl = time.Hour

func (s *subject) set(t testing.TB, key string, value []byte) {
	t.Helper()
	if err := s.Set(context.Background(), key, value, ttl); err != nil {
		t.Fatalf("Set(%q, %d bytes): got error %v, want none", key, len(value), err)
	}
}

func (s *subject) delete(t testing.TB, keys ...string) {
	t.Helper()
	if err := s.Delete(context.Background(), keys...); err != nil {
		t.Fatalf("Delete(%q): got error %v, want none", keys, err)
	}
}

// get returns what is under key; a miss is nil, a hit is not.
func (s *subject) get(t testing.TB, key string) []byte {
	t.Helper()
	value, ok, err := s.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get(%q): got error %v, want none", key, err)
	}
	if !ok {
		return nil
	}
	return append([]byte{}, value...)
}

// want requires that key holds value, or nothing if that is the backend's way.
func (s *subject) want(t testing.TB, key string, value []byte) {
	t.Helper()
	got := s.get(t, key)
	switch {
	case s.KeepsNothing:
		if got != nil {
			t.Errorf("Get(%q): got %s, want a miss: Harness.KeepsNothing is set", key, show(got))
		}
	case got == nil:
		t.Errorf("Get(%q): got a miss, want %s", key, show(value))
	case !bytes.Equal(got, value):
		t.Errorf("Get(%q): got %s, want %s; they differ from byte %d on", key, show(got), show(value), firstDifference(got, value))
	}
}

// wantMiss requires that key holds nothing.
func (s *subject) wantMiss(t testing.TB, key string) {
	t.Helper()
	if got := s.get(t, key); got != nil {
		t.Errorf("Get(%q): got %s, want a miss", key, show(got))
	}
}

// wantOneOf requires that key holds one of values, whole, or nothing.
func (s *subject) wantOneOf(t testing.TB, key string, values ...[]byte) {
	t.Helper()
	got := s.get(t, key)
	if got == nil {
		return
	}
	for _, value := range values {
		if bytes.Equal(got, value) {
			return
		}
	}
	t.Errorf("Get(%q): got %s, which was never set there", key, show(got))
}

// inTime runs f, which must return within the harness's patience and not panic.
func (s *subject) inTime(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case panicked := <-done:
		if panicked != nil {
			t.Errorf("%s: got a panic: %v", what, panicked)
		}
	case <-time.After(s.Patience):
		t.Fatalf("%s: did not return within %v", what, s.Patience)
	}
}

func show(value []byte) string {
	if len(value) <= 32 {
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprintf("%d bytes %q…", len(value), value[:24])
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// pattern is a value of n bytes that no other seed shares.
func pattern(seed, n int) []byte {
	value := make([]byte, n)
	state := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for i := range value {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		value[i] = byte(state >> 32)
	}
	return value
}
