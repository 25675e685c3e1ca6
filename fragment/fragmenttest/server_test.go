package fragmenttest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func TestConnectionsShareTheServer(t *testing.T) {
	s := fragmenttest.NewServer()
	one, two := s.Connect(), s.Connect()
	set(t, one, "key", "value", time.Hour)
	wantGet(t, two, "key", "value")
	one.Close()
	wantGet(t, two, "key", "value")
	if err := one.Set(t.Context(), "key", nil, time.Hour); err == nil {
		t.Error("Set after Close: got no error, want one")
	}
	if _, ok := any(two).(fragment.InProcess); ok {
		t.Error("a connection is InProcess: want it to be outside of the process")
	}
}

func TestServerCopiesBytes(t *testing.T) {
	s := fragmenttest.NewServer()
	c, value := s.Connect(), []byte("value")
	if err := c.Set(t.Context(), "key", value, time.Hour); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	got, _, _ := c.Get(t.Context(), "key")
	got[1] = 'X'
	wantGet(t, c, "key", "value")
}

func TestServerKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fragmenttest.NewServer()
		c := s.Connect()
		set(t, c, "brief", "value", time.Minute)
		set(t, c, "for ever", "value", fragment.Forever)
		s.Put("foreign", []byte("value"))
		time.Sleep(time.Minute - time.Millisecond)
		wantGet(t, c, "brief", "value")
		wantEqual(t, "Len", s.Len(), 3)
		time.Sleep(time.Millisecond)
		wantGet(t, c, "brief", "-")
		wantEqual(t, "Len after the ttl", s.Len(), 2)
		time.Sleep(100 * 365 * 24 * time.Hour)
		wantGet(t, c, "for ever", "value")
		wantGet(t, c, "foreign", "value")
	})
}

func TestServerLosesEntries(t *testing.T) {
	s := fragmenttest.NewServer()
	c := s.Connect()
	for _, key := range []string{"a1", "a2", "b1"} {
		set(t, c, key, key, time.Hour)
	}
	wantEqual(t, "Evict", s.Evict(func(key string) bool { return strings.HasPrefix(key, "a") }), 2)
	wantGet(t, c, "a1", "-")
	wantGet(t, c, "b1", "b1")
	c.Lock(t.Context(), "b1", "me", time.Hour)
	s.Flush()
	wantGet(t, c, "b1", "-")
	if owner, ok := s.Owner("b1"); ok {
		t.Errorf("Owner after Flush: got %q, want nobody", owner)
	}
}

func TestServerCountsTrips(t *testing.T) {
	ctx, s := t.Context(), fragmenttest.NewServer()
	c, other := s.Connect(), s.Connect()
	wantEqual(t, "Trips", s.Trips().String(), "none")
	c.Get(ctx, "a")
	other.Get(ctx, "a")
	c.GetMany(ctx, []string{"a", "b"})
	c.Set(ctx, "a", nil, time.Hour)
	c.SetMany(ctx, map[string][]byte{"a": nil, "b": nil}, time.Hour)
	c.Delete(ctx, "a", "b")
	c.Add(ctx, "a", nil, time.Hour)
	c.Lock(ctx, "a", "me", time.Hour)
	c.Unlock(ctx, "a", "me")
	c.GetMany(ctx, nil) // none of these goes anywhere
	c.SetMany(ctx, nil, time.Hour)
	c.Delete(ctx)
	s.Put("a", nil)
	s.Keys()
	c.Cut()
	c.Get(ctx, "a")
	want := fragmenttest.Trips{Get: 2, GetMany: 1, Set: 1, SetMany: 1, Delete: 1, Add: 1, Lock: 1, Unlock: 1, Failed: 1}
	wantEqual(t, "Trips", s.Trips(), want)
	wantEqual(t, "All", want.All(), 9)
	wantEqual(t, "String", want.String(), "2 Get, 1 GetMany, 1 Set, 1 SetMany, 1 Delete, 1 Add, 1 Lock, 1 Unlock, 1 Failed")
	s.ResetTrips()
	wantEqual(t, "Trips after ResetTrips", s.Trips(), fragmenttest.Trips{})
}

func TestAddStoresWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fragmenttest.NewServer()
		wantAdd := func(value string, want bool) {
			t.Helper()
			added, err := s.Connect().Add(t.Context(), "key", []byte(value), time.Minute)
			if added != want || err != nil {
				t.Errorf("Add(%q): got %v, %v, want %v", value, added, err, want)
			}
		}
		wantAdd("first", true)
		wantAdd("second", false)
		wantGet(t, s.Connect(), "key", "first")
		time.Sleep(time.Minute)
		wantAdd("third", true)
	})
}

func TestALeaseHasOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fragmenttest.NewServer()
		one, two := s.Connect(), s.Connect()
		wantLock := func(c *fragmenttest.Conn, owner string, want bool) {
			t.Helper()
			ok, err := c.Lock(t.Context(), "key", owner, time.Minute)
			if ok != want || err != nil {
				t.Errorf("Lock for %s: got %v, %v, want %v", owner, ok, err, want)
			}
		}
		wantLock(one, "one", true)
		wantLock(two, "two", false)
		wantErr(t, "Unlock", two.Unlock(t.Context(), "key", "two"), nil)
		owner, _ := s.Owner("key")
		wantEqual(t, "Owner after an Unlock by another", owner, "one")
		wantGet(t, one, "key", "-") // a lease is no entry

		time.Sleep(40 * time.Second)
		wantLock(one, "one", true) // renewed
		time.Sleep(40 * time.Second)
		wantLock(two, "two", false)
		time.Sleep(20 * time.Second)
		wantLock(two, "two", true)
		wantErr(t, "Unlock", two.Unlock(t.Context(), "key", "two"), nil)
		wantLock(one, "one", true)
	})
}

func TestALeaseIsTakenOnce(t *testing.T) {
	s, got := fragmenttest.NewServer(), make(chan bool)
	for i := range 8 {
		go func() {
			ok, _ := s.Connect().Lock(t.Context(), "key", string(rune('a'+i)), time.Hour)
			got <- ok
		}()
	}
	taken := 0
	for range 8 {
		if <-got {
			taken++
		}
	}
	wantEqual(t, "leases taken", taken, 1)
}

func TestCachesPlayProcesses(t *testing.T) {
	s := fragmenttest.NewServer()
	one, two := open(t, s.Connect(), fragment.Options{}), open(t, s.Connect(), fragment.Options{})
	k := fragment.KeyOf("k")
	wantDo(t, one, k, "one", "one")
	if err := two.Delete(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	wantDo(t, one, k, "again", "again")
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Error(err)
	}
}
