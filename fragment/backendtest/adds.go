package backendtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// adds reports whether the backend can add. A wrapper may have the method where
// what is inside of it cannot; it then returns errors.ErrUnsupported.
func (s *subject) adds() bool {
	_, err := fragment.Add(context.Background(), s.Backend, "probe", nil, ttl)
	return !s.KeepsNothing && !errors.Is(err, errors.ErrUnsupported)
}

// wantAdd requires that Add of value reports added.
func (s *subject) wantAdd(t testing.TB, key string, value []byte, added bool) {
	t.Helper()
	got, err := fragment.Add(context.Background(), s.Backend, key, value, ttl)
	if got != added || err != nil {
		t.Errorf("Add(%q, %s): got %v, error %v, want %v", key, show(value), got, err, added)
	}
}

func addAbsent(t testing.TB, s *subject) {
	if !s.adds() {
		return
	}
	s.wantAdd(t, "key", []byte("first"), true)
	s.want(t, "key", []byte("first"))
	s.wantAdd(t, "key", []byte("second"), false)
	s.want(t, "key", []byte("first"))
	s.delete(t, "key")
	s.wantAdd(t, "key", []byte("third"), true)
	s.want(t, "key", []byte("third"))

	s.set(t, "key", []byte("fourth"))
	s.wantAdd(t, "key", []byte("fifth"), false)
	s.want(t, "key", []byte("fourth"))
	s.wantAdd(t, "other", nil, true)
	s.wantAdd(t, "other", []byte("full"), false) // what is empty is there
	s.want(t, "other", nil)
}

func addAtOnce(t testing.TB, s *subject) {
	if !s.adds() {
		return
	}
	value := func(key string, worker int) []byte { return sealed(key, worker, 100) }
	winners := oneWinner(t, "Add", func(key string, worker int) (bool, error) {
		return fragment.Add(context.Background(), s.Backend, key, value(key, worker), ttl)
	})
	for key, worker := range winners {
		s.want(t, key, value(key, worker))
	}
}

// oneWinner lets several goroutines try the same keys, and requires that each of
// these is had by one of them. It returns by which.
func oneWinner(t testing.TB, what string, try func(key string, worker int) (bool, error)) map[string]int {
	t.Helper()
	var had [100]atomic.Int64 // by worker-1, or by nobody
	name := func(i int) string { return fmt.Sprint("contested", i) }
	abreast(t, func(worker int) error {
		for i := range had {
			ok, err := try(name(i), worker)
			if err != nil {
				return fmt.Errorf("%s(%q): got error %w, want none", what, name(i), err)
			}
			if ok && !had[i].CompareAndSwap(0, int64(worker+1)) {
				return fmt.Errorf("%s(%q): succeeded twice, want once", what, name(i))
			}
		}
		return nil
	})
	winners := make(map[string]int)
	for i := range had {
		if winners[name(i)] = int(had[i].Load()) - 1; winners[name(i)] < 0 {
			t.Fatalf("%s(%q) by %d goroutines: succeeded for none, want one", what, name(i), goroutines)
		}
	}
	return winners
}

// addKept tests that an addition is no less than a Set.
func addKept(t testing.TB, s *subject) {
	if !s.adds() {
		return
	}
	all := strings.Repeat(printable(), 3)
	for n := 1; n <= maxKey; n++ {
		s.wantAdd(t, all[:n], []byte("of "+all[:n]), true)
	}
	for n := 1; n <= maxKey; n++ {
		s.want(t, all[:n], []byte("of "+all[:n]))
	}
	s.addForTTLs(t)
	s.addSizes(t)
	s.wantAddTooLarge(t)
}

func (s *subject) addForTTLs(t testing.TB) {
	t.Helper()
	add := func(ttl time.Duration) string {
		key := fmt.Sprint("for", int64(ttl))
		if added, err := fragment.Add(context.Background(), s.Backend, key, []byte("value"), ttl); !added || err != nil {
			t.Errorf("Add with ttl %v: got %v, error %v, want true", ttl, added, err)
		}
		return key
	}
	for _, ttl := range longTTLs {
		s.want(t, add(ttl), []byte("value"))
	}
	for _, ttl := range shortTTLs {
		s.wantOneOf(t, add(ttl), []byte("value"))
	}
}

// addSizes gives slices that have bytes of their owner's beyond their end.
func (s *subject) addSizes(t testing.TB) {
	t.Helper()
	const beyond = 100
	for _, n := range []int{0, 10, 255, 256, s.MaxValue - 1, s.MaxValue} {
		key, whole := fmt.Sprint("size", n), pattern(n, n+beyond)
		s.wantAdd(t, key, whole[:n], true)
		s.want(t, key, pattern(n, n+beyond)[:n])
		s.delete(t, key)
		if !bytes.Equal(whole, pattern(n, n+beyond)) {
			t.Fatalf("the backend wrote to a value of %d bytes that it was given to add, or beyond its end", n)
		}
	}
}

func (s *subject) wantAddTooLarge(t testing.TB) {
	t.Helper()
	if s.TooLarge == 0 {
		return
	}
	added, err := fragment.Add(context.Background(), s.Backend, "large", pattern(1, s.TooLarge), ttl)
	if added || !errors.Is(err, fragment.ErrTooLarge) {
		t.Errorf("Add of %d bytes: got %v, error %v, want one that wraps fragment.ErrTooLarge", s.TooLarge, added, err)
	}
	s.wantMiss(t, "large")
}
