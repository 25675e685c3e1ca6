package backendtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// cancelledBefore calls with a ctx that has ended. What such a call does is the
// backend's choice; it must be done whole, or not at all.
func cancelledBefore(t testing.TB, s *subject) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before, after := pattern(1, 400), pattern(2, 500)
	s.set(t, "key", before)
	s.set(t, "other", before)

	s.inTime(t, "Get with a cancelled ctx", func() {
		if got, ok, err := s.Get(ctx, "key"); err == nil && ok && string(got) != string(before) {
			t.Errorf("Get with a cancelled ctx: got %s, want %s, a miss or an error", show(got), show(before))
		}
	})
	s.inTime(t, "GetMany with a cancelled ctx", func() { fragment.GetMany(ctx, s.Backend, []string{"key", "other"}) })
	s.inTime(t, "Set with a cancelled ctx", func() { s.Set(ctx, "key", after, ttl) })
	s.wantOneOf(t, "key", before, after)
	s.inTime(t, "SetMany with a cancelled ctx", func() {
		fragment.SetMany(ctx, s.Backend, map[string][]byte{"key": before, "k2": after}, ttl)
	})
	s.wantOneOf(t, "key", before, after)
	s.wantOneOf(t, "k2", after)
	s.inTime(t, "Delete with a cancelled ctx", func() { s.Delete(ctx, "key") })
	s.wantOneOf(t, "key", before, after)
	s.cancelledSteps(t, ctx)

	s.want(t, "other", before)
	s.set(t, "key", after)
	s.want(t, "key", after)
}

// cancelledSteps is cancelledBefore for what not every backend can do.
func (s *subject) cancelledSteps(t testing.TB, ctx context.Context) {
	t.Helper()
	value := pattern(3, 600)
	s.inTime(t, "Add with a cancelled ctx", func() { fragment.Add(ctx, s.Backend, "added", value, ttl) })
	s.wantOneOf(t, "added", value)
	if !s.locks() {
		return
	}
	s.inTime(t, "Lock with a cancelled ctx", func() { fragment.Lock(ctx, s.Backend, "locked", "one", ttl) })
	s.wantLock(t, "locked", "one", true)
	s.inTime(t, "Unlock with a cancelled ctx", func() { fragment.Unlock(ctx, s.Backend, "locked", "one") })
	s.wantLock(t, "locked", "one", true)
	s.wantLock(t, "locked", "two", false)
}

// cancelledAmid ends calls while they run: one that is given up must not leave
// its answer on a connection for the next one to read.
func cancelledAmid(t testing.TB, s *subject) {
	const keys = 10
	key := func(i int) string { return fmt.Sprint("key", i%keys) }
	for i := range keys {
		s.set(t, key(i), sealed(key(i), i, 3000))
	}
	dice := rand.New(rand.NewPCG(1, 1))
	for i := range 200 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(dice.IntN(300))*time.Microsecond)
		s.inTime(t, "a call whose ctx ends meanwhile", func() {
			switch i % 4 {
			case 0:
				s.Get(ctx, key(i))
			case 1:
				s.Set(ctx, key(i), sealed(key(i), i, 3000), ttl)
			case 2:
				fragment.GetMany(ctx, s.Backend, []string{key(i), key(i + 1), "absent"})
			case 3:
				s.Delete(ctx, "absent")
			}
		})
		cancel()
		if _, err := s.getSealed(context.Background(), key(i+3)); err != nil {
			t.Fatalf("after a call that was cancelled on its way: %v", err)
		}
	}
	for i := range keys {
		s.set(t, key(i), sealed(key(i), i, 100))
		s.want(t, key(i), sealed(key(i), i, 100))
	}
}

func closeTwice(t testing.TB, s *subject) {
	s.set(t, "key", []byte("value"))
	s.inTime(t, "Close", func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: got error %v, want none", err)
		}
	})
	s.inTime(t, "a second Close", func() {
		if err := s.Close(); err != nil {
			t.Errorf("a second Close: got error %v, want none", err)
		}
	})
}

func afterClose(t testing.TB, s *subject) {
	ctx := context.Background()
	s.set(t, "key", []byte("value"))
	s.Close()
	wantNothing := func(key string) {
		s.inTime(t, "Get after Close", func() {
			if got, ok, err := s.Get(ctx, key); ok && err == nil {
				t.Errorf("Get(%q) after Close: got %s, want a miss or an error", key, show(got))
			}
		})
	}
	wantNothing("key")
	s.inTime(t, "Set after Close", func() { s.Set(ctx, "key", []byte("value"), ttl) })
	wantNothing("key")
	s.inTime(t, "Delete after Close", func() { s.Delete(ctx, "key") })
	s.inTime(t, "GetMany after Close", func() { fragment.GetMany(ctx, s.Backend, []string{"key", "k2"}) })
	s.inTime(t, "SetMany after Close", func() { fragment.SetMany(ctx, s.Backend, map[string][]byte{"key": nil}, ttl) })
	s.inTime(t, "Add after Close", func() { fragment.Add(ctx, s.Backend, "key", nil, ttl) })
	s.inTime(t, "Lock after Close", func() { fragment.Lock(ctx, s.Backend, "key", "one", ttl) })
	s.inTime(t, "Unlock after Close", func() { fragment.Unlock(ctx, s.Backend, "key", "one") })
	s.inTime(t, "Usage after Close", func() { fragment.UsageOf(s.Backend) })
	wantNothing("key")
}

func closeAmid(t testing.TB, s *subject) {
	ctx := context.Background()
	s.inTime(t, "Close beside other calls", func() {
		abreast(t, func(worker int) error {
			for i := range 200 {
				key := fmt.Sprint("key", i%10)
				if worker == 0 && i == 100 {
					s.Close()
				}
				s.Set(ctx, key, sealed(key, i, 1000), ttl)
				if got, ok, err := s.Get(ctx, key); err == nil && ok && !isSealed(key, got) {
					return fmt.Errorf("Get(%q) beside Close: got %s, which was never set there", key, show(got))
				}
				fragment.UsageOf(s.Backend)
				s.Delete(ctx, key)
				fragment.Add(ctx, s.Backend, key, sealed(key, i, 10), ttl)
				fragment.Lock(ctx, s.Backend, key, "one", ttl)
				fragment.Unlock(ctx, s.Backend, key, "one")
			}
			return nil
		})
	})
}
