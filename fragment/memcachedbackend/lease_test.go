package memcachedbackend_test

import (
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment/memcachedbackend"
	"github.com/pongocache/pongocache/internal/servers"
)

func lock(t testing.TB, b *memcachedbackend.Backend, owner string, ttl time.Duration) bool {
	t.Helper()
	ok, err := b.Lock(ctx, "key", owner, ttl)
	if err != nil {
		t.Fatalf("Lock for %q: got error %v, want none", owner, err)
	}
	return ok
}

// TestLeaseDoesNotEndEarly begins leases at different times between two ticks of
// memcached's clock.
func TestLeaseDoesNotEndEarly(t *testing.T) {
	t.Parallel()
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	for range 2 {
		const brief = 700 * time.Millisecond
		began := time.Now()
		if !lock(t, b, "one", brief) {
			t.Fatal("Lock of a key that is free: got false, want true")
		}
		await(t, 5*time.Second, "the end of a lease", func() bool { return lock(t, b, "two", time.Hour) })
		if took := time.Since(began); took < brief {
			t.Errorf("a lease for %v ended after %v", brief, took)
		}
		if err := b.Unlock(ctx, "key", "two"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(350 * time.Millisecond)
	}
}

// TestUnlockEndsNoLeaseThatChangedMeanwhile has the lease change hands between the
// look of an Unlock and what it does then.
func TestUnlockEndsNoLeaseThatChangedMeanwhile(t *testing.T) {
	s := servers.Memcached(t)
	b := opened(t, memcachedbackend.Options{}, s.Addr)
	proxy := servers.NewProxy(t, s.Addr)
	slow := opened(t, memcachedbackend.Options{}, proxy.Addr)
	if !lock(t, slow, "one", time.Hour) {
		t.Fatal("Lock of a key that is free: got false, want true")
	}
	proxy.Delay(300 * time.Millisecond)
	done := make(chan error)
	go func() { done <- slow.Unlock(ctx, "key", "one") }()
	gets := stat(t, s.Addr, "cmd_get")
	await(t, 5*time.Second, "the look of Unlock", func() bool { return stat(t, s.Addr, "cmd_get") > gets || stat(t, s.Addr, "get_hits") > 0 })
	if err := beside(t, s.Addr).Delete(memcachedbackend.LeaseName("key")); err != nil { // as its end would
		t.Fatal(err)
	}
	if !lock(t, b, "two", time.Hour) {
		t.Fatal("Lock of a lease that has ended: got false, want true")
	}
	if err := <-done; err != nil {
		t.Errorf("Unlock: got error %v, want none", err)
	}
	if lock(t, b, "three", time.Hour) {
		t.Error("the Unlock of an owner before ended a lease that another has")
	}
}

// TestLeaseAndTouchBySASL is what the suite does not ask of the binary protocol.
func TestLeaseAndTouchBySASL(t *testing.T) {
	t.Parallel()
	s := withSASL(t)
	b := opened(t, memcachedbackend.Options{SASL: true, User: user, Password: password}, s.Addr)
	for _, key := range []string{"touched", "other"} {
		if err := b.Set(ctx, key, []byte("value"), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Touch(ctx, time.Hour, "touched", "absent"); err != nil {
		t.Errorf("Touch: got error %v, want none", err)
	}
	await(t, 5*time.Second, "the end of 1s", func() bool {
		_, ok, err := b.Get(ctx, "other")
		return !ok && err == nil
	})
	want(t, b, "touched", []byte("value"))
	fillPool(t, b)
	s.Restart()
	if !lock(t, b, "one", time.Hour) { // on a connection that is dead
		t.Error("Lock of a key that is free: got false, want true")
	}
}

// A server that cannot compare has leases all the same.
func TestLeasesWithoutCompareAndSwap(t *testing.T) {
	b := opened(t, memcachedbackend.Options{}, servers.Memcached(t, "-C").Addr)
	if !lock(t, b, "one", time.Hour) {
		t.Error("Lock of a key that is free: got false, want true")
	}
	if lock(t, b, "two", time.Hour) {
		t.Error("Lock of what another owner has: got true, want false")
	}
	if !lock(t, b, "one", time.Hour) {
		t.Error("Lock of what its owner has: got false, want true")
	}
	for _, owner := range []string{"two", "one"} { // the first has nothing to end
		if err := b.Unlock(ctx, "key", owner); err != nil {
			t.Errorf("Unlock by %s: got error %v, want none", owner, err)
		}
		if got, want := lock(t, b, "three", time.Hour), owner == "one"; got != want {
			t.Errorf("Lock after Unlock by %s: got %v, want %v", owner, got, want)
		}
	}
}
