package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var (
	// Some stores take a number of seconds above 30 days for a date.
	longTTLs  = []time.Duration{61 * time.Second, time.Hour, 40 * 24 * time.Hour, 400 * 24 * time.Hour, fragment.Forever - 1, fragment.Forever}
	shortTTLs = []time.Duration{1, time.Microsecond, time.Millisecond, 999 * time.Millisecond, 1500 * time.Millisecond}
)

func longTTL(t testing.TB, s *subject) {
	for _, ttl := range longTTLs {
		key := fmt.Sprint("for", int64(ttl))
		if err := s.Set(context.Background(), key, []byte("value"), ttl); err != nil {
			t.Errorf("Set with ttl %v: got error %v, want none", ttl, err)
		}
		s.want(t, key, []byte("value"))
	}
}

// shortTTL does not ask for an entry to be gone: only the engine promises that.
func shortTTL(t testing.TB, s *subject) {
	for _, ttl := range shortTTLs {
		if err := s.Set(context.Background(), "key", []byte(ttl.String()), ttl); err != nil {
			t.Errorf("Set with ttl %v: got error %v, want none", ttl, err)
		}
		s.wantOneOf(t, "key", []byte(ttl.String()))
	}
	s.set(t, "key", []byte("for long"))
	s.want(t, "key", []byte("for long"))
}

func many(t testing.TB, s *subject) {
	ctx := context.Background()
	s.wantMany(t, nil, nil)
	s.wantMany(t, []string{"absent"}, nil)
	items := map[string][]byte{"nil": nil, "empty": {}, "k1": pattern(1, 10), "k2": pattern(2, 1000), "k3": pattern(3, 300)}
	if err := fragment.SetMany(ctx, s.Backend, items, ttl); err != nil {
		t.Fatalf("SetMany: got error %v, want none", err)
	}
	for key, value := range items {
		s.want(t, key, value)
	}
	s.wantMany(t, []string{"k3", "absent", "k1", "nil", "k1", "empty", "K2"}, map[string][]byte{
		"k3": items["k3"], "k1": items["k1"], "nil": nil, "empty": nil,
	})

	if err := fragment.SetMany(ctx, s.Backend, map[string][]byte{"k1": []byte("new"), "k4": pattern(4, 4)}, fragment.Forever); err != nil {
		t.Fatalf("second SetMany: got error %v, want none", err)
	}
	s.delete(t, "k2")
	s.wantMany(t, []string{"k1", "k2", "k3", "k4"}, map[string][]byte{
		"k1": []byte("new"), "k3": items["k3"], "k4": pattern(4, 4),
	})
	if err := fragment.SetMany(ctx, s.Backend, nil, ttl); err != nil {
		t.Errorf("SetMany of nothing: got error %v, want none", err)
	}
	s.wantLargeMany(t)
}

// wantLargeMany sets and gets more than fits one packet.
func (s *subject) wantLargeMany(t testing.TB) {
	t.Helper()
	items := make(map[string][]byte)
	var keys []string
	for i := range 300 {
		key := fmt.Sprint("many", i)
		items[key] = pattern(i, min(i*10, s.MaxValue))
		keys = append(keys, key, "absent"+key)
	}
	if err := fragment.SetMany(context.Background(), s.Backend, items, ttl); err != nil {
		t.Fatalf("SetMany of %d: got error %v, want none", len(items), err)
	}
	s.wantMany(t, keys, items)
}

// wantMany requires that GetMany of keys returns items and nothing else.
func (s *subject) wantMany(t testing.TB, keys []string, items map[string][]byte) {
	t.Helper()
	found, err := fragment.GetMany(context.Background(), s.Backend, keys)
	if err != nil {
		t.Fatalf("GetMany: got error %v, want none", err)
	}
	if s.KeepsNothing {
		items = nil
	}
	for key, got := range found {
		if want, ok := items[key]; !ok || !bytes.Equal(got, want) {
			t.Errorf("GetMany: got %s under %q, want %s (there: %v)", show(got), key, show(want), ok)
		}
	}
	for key := range items {
		if _, ok := found[key]; !ok {
			t.Errorf("GetMany: got nothing under %q, want %s", key, show(items[key]))
		}
	}
	s.wantInto(t, keys, items)
}

func usage(t testing.TB, s *subject) {
	s.wantUsage(t, "of an empty backend")
	for i := range 500 {
		s.set(t, fmt.Sprint("key", i), pattern(i, 1000))
	}
	s.wantUsage(t, "after 500 writes")
	s.delete(t, "key0", "key1")
	s.wantUsage(t, "after Delete")
}

func (s *subject) wantUsage(t testing.TB, when string) {
	t.Helper()
	u, ok := fragment.UsageOf(s.Backend)
	if !ok {
		return
	}
	if u.Entries < 0 || u.Bytes < 0 || u.Capacity < 0 {
		t.Errorf("Usage %s: got %+v, want no figure below zero", when, u)
	}
	if u.Capacity > 0 && u.Bytes > u.Capacity {
		t.Errorf("Usage %s: got %+v, want no more bytes than the capacity", when, u)
	}
	if s.KeepsNothing && u.Entries != 0 {
		t.Errorf("Usage %s: got %+v, want no entries: Harness.KeepsNothing is set", when, u)
	}
}
