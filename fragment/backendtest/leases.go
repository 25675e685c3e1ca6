package backendtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// brief is the ttl of a lease whose end is waited for: a server keeps real time.
const brief = 300 * time.Millisecond

// locks reports whether the backend can take leases. A wrapper may have the
// methods where what is inside of it cannot; it then returns
// errors.ErrUnsupported.
func (s *subject) locks() bool {
	return !errors.Is(fragment.Unlock(context.Background(), s.Backend, "probe", "owner"), errors.ErrUnsupported)
}

func (s *subject) lock(t testing.TB, key, owner string, ttl time.Duration) (ok bool) {
	t.Helper()
	ok, err := fragment.Lock(context.Background(), s.Backend, key, owner, ttl)
	if err != nil {
		t.Fatalf("Lock(%q) for %q, for %v: got error %v, want none", key, owner, ttl, err)
	}
	return ok
}

// wantLock requires that Lock takes the lease, or that it does not.
func (s *subject) wantLock(t testing.TB, key, owner string, ok bool) {
	t.Helper()
	if got := s.lock(t, key, owner, ttl); got != ok {
		t.Errorf("Lock(%q) for %q: got %v, want %v", key, owner, got, ok)
	}
}

func (s *subject) unlock(t testing.TB, key, owner string) {
	t.Helper()
	if err := fragment.Unlock(context.Background(), s.Backend, key, owner); err != nil {
		t.Fatalf("Unlock(%q) for %q: got error %v, want none", key, owner, err)
	}
}

func leaseOwned(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	s.wantLock(t, "key", "one", true)
	for _, owner := range []string{"two", "on", "one1", "One", "o", "1"} {
		s.wantLock(t, "key", owner, false)
		s.unlock(t, "key", owner)
		s.wantLock(t, "key", owner, false)
	}
	s.wantLock(t, "other", "two", true)
	s.unlock(t, "other", "two")
	s.wantLock(t, "key", "two", false)
	s.unlock(t, "key", "one")
	s.wantLock(t, "key", "two", true)
	s.unlock(t, "key", "one") // which had it before
	s.wantLock(t, "key", "one", false)
}

func leaseAtOnce(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	ctx, owner := context.Background(), func(worker int) string { return fmt.Sprint("owner", worker) }
	winners := oneWinner(t, "Lock", func(key string, worker int) (bool, error) {
		return fragment.Lock(ctx, s.Backend, key, owner(worker), ttl)
	})
	for key, worker := range winners {
		s.wantLock(t, key, "late", false)
		s.wantLock(t, key, owner(worker), true)
	}
	s.takeTurns(t, owner)
}

// takeTurns lets several owners lock and unlock one key again and again.
func (s *subject) takeTurns(t testing.TB, owner func(worker int) string) {
	t.Helper()
	const key = "turns"
	var inside atomic.Int64
	ctx := context.Background()
	abreast(t, func(worker int) error {
		for range 100 {
			ok, err := fragment.Lock(ctx, s.Backend, key, owner(worker), ttl)
			if err != nil {
				return fmt.Errorf("Lock(%q) beside others: got error %w, want none", key, err)
			}
			if ok {
				if inside.Add(1) > 1 {
					return fmt.Errorf("Lock(%q) beside others: gave the lease to two owners at once", key)
				}
				runtime.Gosched()
				inside.Add(-1)
			}
			// Who has no lease ends none.
			if err := fragment.Unlock(ctx, s.Backend, key, owner(worker)); err != nil {
				return fmt.Errorf("Unlock(%q) beside others: got error %w, want none", key, err)
			}
		}
		return nil
	})
	s.wantLock(t, key, "last", true)
}

func leaseBeside(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	s.wantLock(t, "key", "one", true)
	s.wantMiss(t, "key")
	s.wantMany(t, []string{"key", "other"}, nil)
	if s.adds() {
		s.wantAdd(t, "key", []byte("added"), true)
		s.want(t, "key", []byte("added"))
	}
	s.set(t, "key", []byte("value"))
	s.wantLock(t, "key", "two", false)
	s.delete(t, "key")
	s.wantMiss(t, "key")
	s.wantLock(t, "key", "two", false)

	s.set(t, "key", []byte("value"))
	s.unlock(t, "key", "one")
	s.want(t, "key", []byte("value"))
	s.wantLock(t, "key", "two", true)
	s.want(t, "key", []byte("value"))
}

// leaseRenewed takes two leases for a while, renews one of them for long, and
// waits for the end of the other.
func leaseRenewed(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	for _, key := range []string{"renewed", "other"} {
		if !s.lock(t, key, "one", brief) {
			t.Fatalf("Lock(%q) of a key that is free: got false, want true", key)
		}
	}
	s.wantLock(t, "renewed", "one", true)
	s.wantLock(t, "renewed", "two", false)
	s.awaitEnd(t, "other")
	s.wantLock(t, "renewed", "two", false)
	s.unlock(t, "renewed", "one")
	s.wantLock(t, "renewed", "two", true)
}

func leaseEnds(t testing.TB, s *subject) {
	briefer := []time.Duration{1, time.Microsecond, time.Millisecond}
	if !s.locks() {
		return
	}
	for _, ttl := range briefer {
		if key := fmt.Sprint("for", int64(ttl)); !s.lock(t, key, "one", ttl) {
			t.Errorf("Lock(%q) for %v: got false, want true", key, ttl)
		}
	}
	began := time.Now()
	if !s.lock(t, "key", "one", brief) {
		t.Fatal("Lock of a key that is free: got false, want true")
	}
	s.awaitEnd(t, "key")
	if took := time.Since(began); took < brief*9/10 {
		t.Errorf("a lease for %v: ended after %v", brief, took)
	}
	s.unlock(t, "key", "one") // whose lease is no more
	s.wantLock(t, "key", "one", false)
	for _, ttl := range briefer {
		s.awaitEnd(t, fmt.Sprint("for", int64(ttl)))
	}
}

// awaitEnd takes the lease on key for "two" once that of "one", for brief or
// less, has ended.
func (s *subject) awaitEnd(t testing.TB, key string) {
	t.Helper()
	for began := time.Now(); !s.lock(t, key, "two", ttl); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > brief+s.Patience {
			t.Fatalf("a lease on %q: did not end within %v", key, brief+s.Patience)
		}
	}
}

// leaseKeys locks keys as long as they may be, and such as differ in one byte.
func leaseKeys(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	all, long := strings.Repeat(printable(), 3), strings.Repeat("k", maxKey-1)
	var keys []string
	for n := 1; n <= maxKey; n++ {
		keys = append(keys, all[:n])
	}
	for _, c := range printable()[1:] { // all begins with the first one
		keys = append(keys, string(c), long+string(c))
	}
	owner := func(i int) string { return fmt.Sprint("owner", i) }
	for i, key := range keys {
		s.wantLock(t, key, owner(i), true)
	}
	for i := 0; i < len(keys); i += 2 {
		s.unlock(t, keys[i], owner(i))
	}
	for i, key := range keys {
		s.wantLock(t, key, "another", i%2 == 0)
	}
}

func unlockAbsent(t testing.TB, s *subject) {
	if !s.locks() {
		return
	}
	s.unlock(t, "absent", "one")
	s.set(t, "key", []byte("value"))
	s.unlock(t, "key", "one")
	s.want(t, "key", []byte("value"))
	s.wantLock(t, "key", "one", true)
	s.unlock(t, "key", "one")
	s.unlock(t, "key", "one")
	s.unlock(t, "key", "two")
	s.wantLock(t, "key", "two", true)
}
