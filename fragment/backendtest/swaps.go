package backendtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// swaps reports whether the backend can swap; see adds.
func (s *subject) swaps() bool {
	_, err := fragment.Swap(context.Background(), s.Backend, "probe", []byte("none"), nil, ttl)
	return !s.KeepsNothing && !errors.Is(err, errors.ErrUnsupported)
}

// wantSwap requires that Swap reports swapped.
func (s *subject) wantSwap(t testing.TB, key, old, value string, swapped bool) {
	t.Helper()
	got, err := fragment.Swap(context.Background(), s.Backend, key, []byte(old), []byte(value), ttl)
	if got != swapped || err != nil {
		t.Errorf("Swap(%q, %s, %s): got %v, error %v, want %v", key, show([]byte(old)), show([]byte(value)), got, err, swapped)
	}
}

func swapWhatIsThere(t testing.TB, s *subject) {
	if !s.swaps() {
		return
	}
	s.wantSwap(t, "key", "", "value", false)
	s.wantMiss(t, "key")
	s.set(t, "key", []byte("first"))
	s.wantSwap(t, "key", "second", "third", false)
	s.want(t, "key", []byte("first"))
	s.wantSwap(t, "key", "first", "second", true)
	s.want(t, "key", []byte("second"))
	s.delete(t, "key")
	s.wantSwap(t, "key", "second", "third", false)
	s.wantMiss(t, "key")
	for _, ttl := range longTTLs {
		key := fmt.Sprint("for", int64(ttl))
		s.set(t, key, []byte("old"))
		if ok, err := fragment.Swap(context.Background(), s.Backend, key, []byte("old"), []byte("new"), ttl); !ok || err != nil {
			t.Errorf("Swap with ttl %v: got %v, error %v, want true", ttl, ok, err)
		}
		s.want(t, key, []byte("new"))
	}
}

func swapAtOnce(t testing.TB, s *subject) {
	if !s.swaps() {
		return
	}
	for i := range 100 {
		s.set(t, fmt.Sprint("contested", i), []byte("old"))
	}
	oneWinner(t, "Swap", func(key string, worker int) (bool, error) {
		return fragment.Swap(context.Background(), s.Backend, key, []byte("old"), fmt.Append(nil, worker), ttl)
	})
}

// swapKept tests that values of all sizes take the place of each other.
func swapKept(t testing.TB, s *subject) {
	if !s.swaps() {
		return
	}
	before := []byte{}
	s.set(t, "key", before)
	for _, n := range []int{10, s.MaxValue, s.MaxValue - 1, 0, 255, s.MaxValue, 10} {
		value := pattern(n+1, n) // which nothing before begins with
		s.wantSwap(t, "key", string(value), "other", false)
		s.wantSwap(t, "key", string(before), string(value), true)
		s.want(t, "key", value)
		before = value
	}
	s.wantSwapTooLarge(t, before)
}

func (s *subject) wantSwapTooLarge(t testing.TB, before []byte) {
	t.Helper()
	if s.TooLarge == 0 {
		return
	}
	swapped, err := fragment.Swap(context.Background(), s.Backend, "key", before, pattern(1, s.TooLarge), ttl)
	if swapped || !errors.Is(err, fragment.ErrTooLarge) {
		t.Errorf("Swap of %d bytes: got %v, error %v, want one that wraps fragment.ErrTooLarge", s.TooLarge, swapped, err)
	}
	s.wantOneOf(t, "key", before)
}
