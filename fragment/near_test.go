package fragment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// newNear is two processes, of which the first keeps copies near.
func newNear(t *testing.T, o fragment.Options) (p *processes, c, other *fragment.Cache) {
	p = newProcesses(t, 1, fragment.Options{})
	other = p.caches[0]
	o.Near, o.Observe = fragmenttest.NewMemory(), p.seen.Observe
	c = open(t, p.server.Connect(), o)
	return p, c, other
}

// wantTrips requires that f takes so many.
func (p *processes) wantTrips(what string, want int, f func()) {
	p.Helper()
	p.server.ResetTrips()
	f()
	if got := p.server.Trips(); got.All() != want {
		p.Errorf("%s took %v, want %d in all", what, got, want)
	}
}

func TestNearHitTakesNoTrip(t *testing.T) {
	p, c, other := newNear(t, fragment.Options{})
	ctx, filled, set, theirs := t.Context(), fragment.KeyOf("filled"), fragment.KeyOf("set"), fragment.KeyOf("theirs")
	wantDo(t, c, filled, withTags("t"), give("v"), "v")
	must(t, c.Set(ctx, set, []byte("v"), withTags()))
	wantDo(t, other, theirs, withTags("t", "u"), give("v"), "v")
	p.wantTrips("what it filled", 0, func() { wantDo(t, c, filled, withTags("t"), give("w"), "v") })
	p.wantTrips("what it set", 0, func() { wantGet(t, c, set, "v") })
	p.wantTrips("the first hit of what another filled", 2, func() { wantGet(t, c, theirs, "v") })
	p.wantTrips("the second", 0, func() {
		wantGet(t, c, theirs, "v")
		if ok, err := c.Has(ctx, theirs); !ok || err != nil {
			t.Errorf("Has: %v, %v", ok, err)
		}
		if left, ok, err := c.TTL(ctx, theirs); !ok || err != nil || left < time.Hour-time.Minute {
			t.Errorf("TTL: %v, %v, %v, want that of the entry", left, ok, err)
		}
	})
	if s := c.Stats(); s.Near != 3 || s.Hits != 4 || s.Names["theirs"].Near != 1 {
		t.Errorf("%d hits, %d near: %+v", s.Hits, s.Near, s.Names)
	}
}

// Many are asked for in one trip, those alone that are not near.
func TestNearAsksForWhatIsMissing(t *testing.T) {
	p, c, other := newNear(t, fragment.Options{})
	var keys []fragment.Key
	for i := range 10 {
		k := fragment.KeyOf("k", i)
		keys = append(keys, k)
		if by := other; i < 9 {
			if i < 5 {
				by = c
			}
			wantDo(t, by, k, withTags(), give("v"), "v")
		}
	}
	p.wantTrips("GetMany", 1, func() {
		if got, err := c.GetMany(t.Context(), keys); len(got) != 9 || err != nil {
			t.Errorf("got %d values, %v", len(got), err)
		}
	})
	p.wantTrips("DoMany", 0, func() {
		answers, err := c.DoMany(t.Context(), keys[:9], withTags(), func(context.Context, []int) ([]fragment.Filled, error) { return nil, errFill })
		for _, a := range answers {
			must(t, errors.Join(a.Err, err))
		}
	})
}

// Whatever others do leaves what is near, and so does what this process does.
func TestNearHearsOfChanges(t *testing.T) {
	k, ctx := fragment.KeyOf("k"), t.Context()
	for what, change := range map[string]func(p *processes, c *fragment.Cache) error{
		"Delete":         func(_ *processes, c *fragment.Cache) error { return c.Delete(ctx, k) },
		"Set":            func(_ *processes, c *fragment.Cache) error { return c.Set(ctx, k, []byte("new"), withTags()) },
		"InvalidateTags": func(_ *processes, c *fragment.Cache) error { return c.InvalidateTags(ctx, "t") },
		"Clear":          func(_ *processes, c *fragment.Cache) error { return c.Clear(ctx) },
		"Expire":         func(_ *processes, c *fragment.Cache) error { return c.Expire(ctx, k) },
		"a flush":        func(p *processes, _ *fragment.Cache) error { p.server.Flush(); return nil },
		"an eviction": func(p *processes, _ *fragment.Cache) error {
			p.server.Evict(func(key string) bool { return key == "k" })
			return nil
		},
		"a foreign write": func(p *processes, _ *fragment.Cache) error { p.server.Put("k", []byte("junk")); return nil },
	} {
		for _, by := range []string{"other", "own"} {
			p, c, other := newNear(t, fragment.Options{})
			wantDo(t, c, k, withTags("t"), give("old"), "old")
			wantGet(t, c, k, "old")
			who := other
			if by == "own" {
				who = c
			}
			must(t, change(p, who))
			if got := do(t, ctx, c, k, withTags("t"), give("new")); got != "new" {
				t.Errorf("after %s by %s: shown %q", what, by, got)
			}
		}
	}
}

// While the connection is lost nothing is served that might have changed
// meanwhile.
func TestNearIsEmptyOnceTheConnectionIsLost(t *testing.T) {
	p, _, other := newNear(t, fragment.Options{})
	conn, k := p.server.Connect(), fragment.KeyOf("k")
	c := open(t, conn, fragment.Options{Near: fragmenttest.NewMemory()})
	wantDo(t, c, k, withTags(), give("old"), "old")
	conn.Cut()
	wantGet(t, c, k, "-")
	must(t, other.Delete(t.Context(), k))
	conn.Mend()
	wantGet(t, c, k, "-")
}

// A fill reads what is stored, not a copy of it: word of a change may be under
// way, and what is made of the copy would be stored as if it were new.
func TestFillDoesNotReadWhatIsNear(t *testing.T) {
	p, c, _ := newNear(t, fragment.Options{})
	part, whole := fragment.KeyOf("part"), fragment.KeyOf("whole")
	wantDo(t, c, part, withTags(), give("v"), "v")
	p.wantTrips("a fill that reads a part", 1, func() {
		_, err := open(t, fragmenttest.NewMemory(), fragment.Options{}).Do(t.Context(), whole, withTags(), func(ctx context.Context) ([]byte, error) {
			value, _, err := c.Get(ctx, part)
			return value, err
		})
		must(t, err)
	})
}

// A copy has a deadline of its own, and tells that of the entry.
func TestNearTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ttl := range []time.Duration{0, 10 * time.Second} {
			p, c, _ := newNear(t, fragment.Options{NearTTL: ttl})
			k := fragment.KeyOf("k")
			if ttl == 0 {
				ttl = time.Minute
			}
			wantDo(t, c, k, withTags(), give("v"), "v")
			time.Sleep(ttl - 1)
			p.wantTrips("before", 0, func() { wantGet(t, c, k, "v") })
			time.Sleep(time.Nanosecond)
			p.wantTrips("at the deadline", 1, func() { wantGet(t, c, k, "v") })
			p.wantTrips("after", 0, func() { wantGet(t, c, k, "v") })
		}
	})
}

func TestNearJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c, _ := newNear(t, fragment.Options{NearTTL: 10 * time.Second, NearJitter: 0.5})
		var keys []fragment.Key
		for i := range 100 {
			keys = append(keys, fragment.KeyOf("k", i))
			wantDo(t, c, keys[i], withTags(), give("v"), "v")
		}
		near := func() (n uint64) {
			before := c.Stats().Near
			_, err := c.GetMany(t.Context(), keys)
			must(t, err)
			return c.Stats().Near - before
		}
		time.Sleep(5 * time.Second)
		if n := near(); n != 100 {
			t.Errorf("%d are near before the earliest deadline", n)
		}
		p.server.Down() // no copies are made anew
		p.server.Up()
		if n := near(); n != 0 {
			t.Errorf("%d are near after the connection was lost", n)
		}
	})
}

// Where nobody tells what others change the deadline alone bounds for how long a
// copy is out of date; what this process changes it hears of.
func TestNearWithoutAWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, k, ctx := fragmenttest.NewServer(), fragment.KeyOf("k"), t.Context()
		c := open(t, plain{server.Connect()}, fragment.Options{Near: fragmenttest.NewMemory()})
		other := open(t, plain{server.Connect()}, fragment.Options{})
		wantDo(t, c, k, withTags("t"), give("old"), "old")
		wantDo(t, c, k, withTags("t"), give("old"), "old") // a plain Backend stores from the second fill on
		wantGet(t, c, k, "old")
		must(t, other.InvalidateTags(ctx, "t"))
		time.Sleep(time.Second)
		wantGet(t, c, k, "-")
		for range 2 {
			wantDo(t, c, k, withTags("t"), give("new"), "new")
		}
		must(t, c.InvalidateTags(ctx, "t"))
		wantGet(t, c, k, "-")
	})
}

// That there is nothing is kept near too.
func TestNothingIsNear(t *testing.T) {
	p, c, _ := newNear(t, fragment.Options{})
	k := fragment.KeyOf("k")
	none := func(context.Context) ([]byte, error) { return nil, fmt.Errorf("no row: %w", fragment.ErrNotFound) }
	ask := func() {
		if _, err := c.Do(t.Context(), k, withTags(), none); !errors.Is(err, fragment.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	}
	ask()
	p.wantTrips("the second", 0, ask)
}

func TestNearOptions(t *testing.T) {
	memory, conn := fragmenttest.NewMemory(), fragmenttest.NewServer().Connect()
	for _, bad := range []struct {
		b    fragment.Backend
		o    fragment.Options
		want string
	}{
		{memory, fragment.Options{Near: memory}, "leave Near out"},
		{conn, fragment.Options{Near: conn}, "not in the memory"},
		{conn, fragment.Options{NearTTL: time.Second}, "Options.Near, which is nil"},
		{conn, fragment.Options{Near: memory, NearTTL: -1}, "NearTTL is -1ns"},
		{conn, fragment.Options{Near: memory, NearJitter: 2}, "NearJitter is 2"},
		{unwatchable{conn}, fragment.Options{Near: memory}, "cannot be watched: the fill failed"},
	} {
		if _, err := fragment.New(bad.b, bad.o); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("error %v, want %q in it", err, bad.want)
		}
	}
}

type unwatchable struct{ *fragmenttest.Conn }

func (unwatchable) Watch(context.Context, string, func(...string)) error { return errFill }
