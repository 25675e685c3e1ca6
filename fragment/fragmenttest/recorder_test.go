package fragmenttest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// recorded returns a cache and what is seen of it.
func recorded(t testing.TB, o fragment.Options) (*fragment.Cache, *fragmenttest.Recorder) {
	t.Helper()
	seen := new(fragmenttest.Recorder)
	o.Observe = seen.Observe
	return open(t, fragmenttest.NewMemory(), o), seen
}

func TestRecorderSeesALife(t *testing.T) {
	c, seen := recorded(t, fragment.Options{})
	k := fragment.KeyOf("user", 1)
	wantDo(t, c, k, "one", "one")
	wantDo(t, c, k, "two", "one")
	wantDo(t, c, k, "two", "one")
	if err := c.InvalidateTags(t.Context(), "users", "orders"); err != nil {
		t.Fatal(err)
	}
	c.Do(t.Context(), fragment.KeyOf("page"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		fragment.DoNotStore(ctx, "it says set-cookie")
		return nil, nil
	})

	seen.Missed("user").Once(t)
	seen.Filled("user").Once(t)
	seen.Filled("").Times(t, 2)
	seen.Stored("user").Once(t)
	seen.Stored("page").Never(t)
	seen.Hit("user").Times(t, 2)
	seen.Stale("user").Never(t)
	seen.Waited("user").Never(t)
	seen.Faulted("", "").Never(t)
	seen.NotStored("page", "set-cookie").Once(t)
	seen.NotStored("page", "vary").Never(t)
	seen.Invalidated("users").Once(t)
	seen.Invalidated("").Once(t)
	seen.Invalidated("pages").Never(t)
	seen.Saw(fragment.EventSkip, "page", "").Once(t)
	wantEqual(t, "Count", seen.Hit("user").Count(), 2)
	wantEqual(t, "Events of two kinds", len(seen.Events(fragment.EventHit, fragment.EventMiss)), 4)
	wantEqual(t, "Events", len(seen.Events()), 9)
}

func TestRecorderSeesFaults(t *testing.T) {
	var seen fragmenttest.Recorder
	f := new(fragmenttest.Faults)
	c := open(t, f.Wrap(fragmenttest.NewMemory()), fragment.Options{Observe: seen.Observe})
	f.Inject(fragmenttest.Fault{On: fragmenttest.Writes, Err: errors.New("the disk is full")})
	wantDo(t, c, fragment.KeyOf("k"), "filled", "filled")
	seen.Faulted("k", "set").Once(t)
	seen.Faulted("k", "disk is full").Once(t)
	seen.Faulted("k", "get").Never(t)
}

func TestRecorderForgets(t *testing.T) {
	c, seen := recorded(t, fragment.Options{})
	k := fragment.KeyOf("user")
	wantDo(t, c, k, "one", "one")
	if got, want := seen.Take(), []string{"miss user", "fill user", "store user"}; !slices.Equal(got, want) {
		t.Errorf("Take: got %q, want %q", got, want)
	}
	seen.Nothing(t)
	wantEqual(t, "String of nothing", seen.String(), "")
	wantDo(t, c, k, "two", "one")
	wantEqual(t, "String", seen.String(), "hit user")
	seen.Reset()
	seen.Nothing(t)
	seen.Hit("user").Never(t)
}

func TestLines(t *testing.T) {
	tests := map[string]fragment.Event{
		"hit user":                               {Kind: fragment.EventHit, Name: "user", Size: 3, Cache: fragment.DefaultName},
		"hit user page in shared":                {Kind: fragment.EventHit, Name: "user page", Cache: "shared"},
		"skip page: set-cookie":                  {Kind: fragment.EventSkip, Name: "page", Reason: "set-cookie"},
		"skip in shared: not open":               {Kind: fragment.EventSkip, Cache: "shared", Reason: "not open", Err: errors.New("not open")},
		"fill page: no rows; no connection":      {Kind: fragment.EventFill, Name: "page", Err: errors.New("no rows\nno connection")},
		"fault page: get: cut":                   {Kind: fragment.EventFault, Name: "page", Reason: "get", Err: errors.New("cut")},
		"invalidate: tags users orders":          {Kind: fragment.EventInvalidate, Reason: "tags", Tags: []string{"users", "orders"}},
		"stale page: the refill failed: no rows": {Kind: fragment.EventStale, Name: "page", Reason: "the refill failed", Err: errors.New("no rows")},
	}
	for want, event := range tests {
		var seen fragmenttest.Recorder
		seen.Observe(t.Context(), event)
		wantEqual(t, "String", seen.String(), want)
	}
}

func TestAFailureTellsTheStory(t *testing.T) {
	c, seen := recorded(t, fragment.Options{})
	wantDo(t, c, fragment.KeyOf("user"), "one", "one")
	const happened = " What happened:\n\tmiss user\n\tfill user\n\tstore user"
	tests := []struct {
		check func(t testing.TB)
		want  string
	}{
		{seen.Hit("user").Once, `hit of "user": got none, want one.` + happened},
		{seen.Filled("").Never, `fill: got one, want none.` + happened},
		{seen.NotStored("user", "set-cookie").Once, `skip of "user" because of "set-cookie": got none, want one.` + happened},
		{seen.Invalidated("users").Once, `invalidate of the tag "users": got none, want one.` + happened},
		{func(t testing.TB) { seen.Stored("user").Times(t, 3) }, `store of "user": got one, want 3.` + happened},
		{seen.Nothing, "nothing was to happen." + happened},
		{new(fragmenttest.Recorder).Hit("user").Once, `hit of "user": got none, want one. Nothing happened.`},
	}
	for _, test := range tests {
		if got := complain(t, test.check); len(got) != 1 || got[0] != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestAwait(t *testing.T) {
	c, seen := recorded(t, fragment.Options{})
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { wantDo(t, c, fragment.KeyOf("user"), "one", "one") })
	seen.Stored("user").Await(t)
	seen.Stored("user").Await(t) // what has happened is not waited for
	seen.Filled("user").Once(t)
}

func TestAwaitInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, seen := recorded(t, fragment.Options{})
		go func() {
			time.Sleep(time.Second)
			wantDo(t, c, fragment.KeyOf("other"), "one", "one")
			time.Sleep(time.Second)
			wantDo(t, c, fragment.KeyOf("user"), "one", "one")
		}()
		began := time.Now()
		seen.Stored("user").Await(t)
		wantEqual(t, "waited", time.Since(began), 2*time.Second)
	})
}

func TestAwaitGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, seen := recorded(t, fragment.Options{})
		wantDo(t, c, fragment.KeyOf("user"), "one", "one")
		got := complain(t, func(t testing.TB) {
			seen.Hit("user").Await(t)
			t.Errorf("it came")
		})
		if want := `hit of "user": waited 10s for it.`; len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("got %q, want %q and what happened", got, want)
		}
	})
}

func TestRecorderInManyGoroutines(t *testing.T) {
	c, seen := recorded(t, fragment.Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { wantDo(t, c, fragment.KeyOf("user", i), "one", "one") })
	}
	for i := range 8 {
		wantDo(t, c, fragment.KeyOf(fmt.Sprint("page", i)), "one", "one")
		_ = seen.String()
		seen.Stored(fmt.Sprint("page", i)).Once(t)
	}
	all.Wait()
	seen.Stored("user").Times(t, 8)
}
