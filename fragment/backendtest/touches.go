package backendtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// touches reports whether the backend can touch; see adds.
func (s *subject) touches() bool {
	return !s.KeepsNothing && !errors.Is(fragment.Touch(context.Background(), s.Backend, ttl), errors.ErrUnsupported)
}

func (s *subject) touch(t testing.TB, ttl time.Duration, keys ...string) {
	t.Helper()
	if err := fragment.Touch(context.Background(), s.Backend, ttl, keys...); err != nil {
		t.Errorf("Touch(%q) with ttl %v: got error %v, want none", keys, ttl, err)
	}
}

// touchedStays waits until what is touched would be over, also in a store that
// counts in whole seconds.
func touchedStays(t testing.TB, s *subject) {
	if !s.touches() {
		return
	}
	const short = 1200 * time.Millisecond
	began := time.Now()
	var keys []string
	for i := range 3 {
		key := fmt.Sprint("short", i)
		if err := s.Set(context.Background(), key, pattern(i, 100), short); err != nil {
			t.Fatalf("Set(%q) with ttl %v: got error %v, want none", key, short, err)
		}
		keys = append(keys, key)
	}
	s.touch(t, ttl, keys[0], "absent", keys[1])
	s.touch(t, fragment.Forever, keys[2])
	if time.Since(began) > short {
		return // too slow a machine to tell
	}
	time.Sleep(2*time.Second + 200*time.Millisecond)
	for i, key := range keys {
		s.want(t, key, pattern(i, 100))
	}
	for _, ttl := range longTTLs {
		s.touch(t, ttl, keys...)
		s.want(t, keys[0], pattern(0, 100))
	}
	s.touch(t, time.Millisecond, keys...)
	s.wantOneOf(t, keys[0], pattern(0, 100))
}

func touchAbsent(t testing.TB, s *subject) {
	if !s.touches() {
		return
	}
	s.touch(t, ttl)
	s.touch(t, ttl, "absent", "neither")
	s.wantMiss(t, "absent")
	s.set(t, "key", []byte("value"))
	s.delete(t, "key")
	s.touch(t, ttl, "key")
	s.wantMiss(t, "key")
	for i := range 50 {
		key := fmt.Sprint("beside", i)
		s.set(t, key, []byte("value"))
		var beside sync.WaitGroup
		beside.Go(func() { s.touch(t, ttl, key, key) })
		for range i % 3 { // so that each comes first at times
			runtime.Gosched()
		}
		s.delete(t, key)
		beside.Wait()
		s.wantMiss(t, key)
	}
}
