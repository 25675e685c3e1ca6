package fragmenttest_test

import (
	"context"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

type adder interface {
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
}

type locker interface {
	Lock(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	Unlock(ctx context.Context, key, owner string) error
}

// local is what makes a Backend InProcess.
type local struct{}

func (local) InProcess() {}

// abilities are those that are told by methods.
type abilities struct{ local, adds, leases bool }

func abilitiesOf(b fragment.Backend) (a abilities) {
	_, a.local = b.(fragment.InProcess)
	_, a.adds = b.(adder)
	_, a.leases = b.(locker)
	return a
}

func TestAWrapperHasTheAbilitiesOfWhatIsInside(t *testing.T) {
	conn := fragmenttest.NewServer().Connect()
	b := struct{ fragment.Backend }{conn}
	tests := map[abilities]fragment.Backend{
		{}: b,
		{adds: true}: struct {
			fragment.Backend
			adder
		}{b, conn},
		{leases: true}: struct {
			fragment.Backend
			locker
		}{b, conn},
		{adds: true, leases: true}: conn,
		{local: true}:              fragmenttest.NewMemory(),
		{local: true, adds: true}: struct {
			fragment.Backend
			local
			adder
		}{b, local{}, conn},
		{local: true, leases: true}: struct {
			fragment.Backend
			local
			locker
		}{b, local{}, conn},
		{local: true, adds: true, leases: true}: struct {
			*fragmenttest.Conn
			local
		}{conn, local{}},
	}
	for want, b := range tests {
		if got := abilitiesOf(b); got != want {
			t.Fatalf("the test itself: got %+v, want %+v", got, want)
		}
		if got := abilitiesOf(new(fragmenttest.Faults).Wrap(b)); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestAWrapperAsksForManyInOneTrip(t *testing.T) {
	s, f := fragmenttest.NewServer(), new(fragmenttest.Faults)
	b := f.Wrap(s.Connect())
	if err := fragment.SetMany(t.Context(), b, map[string][]byte{"a": nil, "b": nil}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if found, err := fragment.GetMany(t.Context(), b, []string{"a", "b"}); len(found) != 2 || err != nil {
		t.Fatalf("GetMany: got %q, %v, want both", found, err)
	}
	wantEqual(t, "Trips", s.Trips(), fragmenttest.Trips{SetMany: 1, GetMany: 1})
}

func TestAWrapperTellsTheUsageOfWhatIsInside(t *testing.T) {
	b := sized{fragmenttest.NewMemory()}
	u, _ := fragment.UsageOf(new(fragmenttest.Faults).Wrap(b))
	wantEqual(t, "Usage", u, fragment.Usage{Entries: 7})
}

type sized struct{ fragment.Backend }

func (sized) Usage() fragment.Usage { return fragment.Usage{Entries: 7} }

func TestFaultsOfAddAndLock(t *testing.T) {
	ctx, s, f := t.Context(), fragmenttest.NewServer(), new(fragmenttest.Faults)
	b := f.Wrap(s.Connect()).(interface {
		adder
		locker
	})
	f.Inject(fragmenttest.Fault{Times: 3})
	_, err := b.Add(ctx, "key", nil, time.Hour)
	wantErr(t, "Add", err, fragmenttest.ErrInjected)
	_, err = b.Lock(ctx, "key", "me", time.Hour)
	wantErr(t, "Lock", err, fragmenttest.ErrInjected)
	wantErr(t, "Unlock", b.Unlock(ctx, "key", "me"), fragmenttest.ErrInjected)

	lost := func(want bool) {
		t.Helper()
		added, err := b.Add(ctx, "key", nil, time.Hour)
		ok, err2 := b.Lock(ctx, "key", "me", time.Hour)
		if !added || !ok || err != nil || err2 != nil {
			t.Errorf("Add and Lock: got %v, %v, %v, %v, want both done", added, ok, err, err2)
		}
		_, locked := s.Owner("key")
		wantEqual(t, "added", s.Len() == 1, want)
		wantEqual(t, "locked", locked, want)
	}
	f.Inject(fragmenttest.Fault{Does: fragmenttest.Lose})
	lost(false)
	f.Stop()
	lost(true)
}
