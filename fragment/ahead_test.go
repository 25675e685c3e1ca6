package fragment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// parts asks for n keys, one after the other, some of them with tags, in a turn of
// its own. A part is its version, and "-" if it is not to be filled.
type parts struct {
	*processes
	ahead fragment.Ahead
	n     int
}

func newParts(t *testing.T, n int, o fragment.Options) *parts {
	return &parts{processes: newProcesses(t, 2, o), n: n}
}

func partPolicy(i int) fragment.Policy {
	p := fragment.Policy{TTL: time.Hour}
	if i%2 == 0 {
		p.Tags = []string{"even"}
	}
	return p
}

// turn returns what each part was, and the trips that it took.
func (p *parts) turn(version int, between ...func(i int)) (got []string, trips int) {
	p.Helper()
	p.server.ResetTrips()
	ctx, done := p.ahead.Fetch(p.Context())
	defer done()
	for i := range p.n {
		for _, f := range between {
			f(i)
		}
		got = append(got, do(p.T, ctx, p.caches[0], fragment.KeyOf("part", i), partPolicy(i), give(fmt.Sprint(version))))
	}
	n := p.server.Trips()
	return got, n.GetMany + n.Get
}

func (p *parts) want(version int, want string, trips int, between ...func(i int)) {
	p.Helper()
	got, n := p.turn(version, between...)
	if strings.Join(got, " ") != want || n > trips {
		p.Errorf("got %s in %d trips, want %s in %d", strings.Join(got, " "), n, want, trips)
	}
}

func TestATurnThatWasSeenTakesTwoTripsAtMost(t *testing.T) {
	p := newParts(t, 10, fragment.Options{})
	ones := strings.TrimSuffix(strings.Repeat("1 ", 10), " ")
	if _, n := p.turn(1); n < 10 {
		t.Errorf("the first turn took %d trips: the test tests nothing", n)
	}
	p.want(2, ones, 1)
	p.want(2, ones, 1)
	// A process that has seen no entry yet does not know what tags they have.
	p.caches[0] = p.caches[1]
	p.turn(2)
	p.want(2, ones, 2)
}

// What is served is counted and told as it would be without.
func TestAheadCountsAndTellsAsThePlainWay(t *testing.T) {
	p := newParts(t, 4, fragment.Options{})
	p.turn(1)
	for way, begin := range map[string]func(context.Context) (context.Context, func()){
		"plain": func(ctx context.Context) (context.Context, func()) { return ctx, func() {} },
		"ahead": p.ahead.Fetch,
	} {
		var seen watcher
		c := open(t, p.server.Connect(), fragment.Options{Observe: seen.observe})
		for range 3 {
			ctx, done := begin(t.Context())
			for i := range 4 {
				if value, ok, err := c.Get(ctx, fragment.KeyOf("part", i)); string(value) != "1" || !ok || err != nil {
					t.Errorf("%s: Get is %q, %v, %v", way, value, ok, err)
				}
			}
			done()
		}
		events := seen.take()
		if n := c.Stats(); n.Hits != 12 || n.Misses != 0 || len(events) != 12 || slices.Contains(events, "miss") {
			t.Errorf("%s: counted %+v and told %v, want 12 hits", way, n, events)
		}
	}
}

// What this process changes is seen at once, in whatever way it does so.
func TestATurnSeesWhatItsProcessChanges(t *testing.T) {
	for way, change := range map[string]func(c *fragment.Cache, k fragment.Key) error{
		"set": func(c *fragment.Cache, k fragment.Key) error {
			return c.Set(t.Context(), k, []byte("2"), partPolicy(2))
		},
		"delete":     func(c *fragment.Cache, k fragment.Key) error { return c.Delete(t.Context(), k) },
		"expire":     func(c *fragment.Cache, k fragment.Key) error { return c.Expire(t.Context(), k) },
		"invalidate": func(c *fragment.Cache, _ fragment.Key) error { return c.InvalidateTags(t.Context(), "even") },
		"clear":      func(c *fragment.Cache, _ fragment.Key) error { return c.Clear(t.Context()) },
		"refresh": func(c *fragment.Cache, k fragment.Key) error {
			p := partPolicy(2)
			p.Refresh = true
			_, err := c.Do(t.Context(), k, p, give("2"))
			return err
		},
	} {
		t.Run(way, func(t *testing.T) {
			p := newParts(t, 4, fragment.Options{})
			p.turn(1)
			got, _ := p.turn(2, func(i int) {
				if i == 2 {
					must(t, change(p.caches[0], fragment.KeyOf("part", 2)))
				}
			})
			if got[2] != "2" || got[0] != "1" || got[1] != "1" {
				t.Errorf("got %v, want a new third one", got)
			}
		})
	}
}

// What another process changes is seen after 50 milliseconds, and what is still to
// come is fetched at once again.
func TestATurnIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(t, 10, fragment.Options{})
		p.turn(1)
		p.want(2, "1 1 1 1 1 1 1 2 1 1", 3, func(i int) {
			if i == 5 {
				must(t, p.caches[1].Set(t.Context(), fragment.KeyOf("part", 7), []byte("2"), partPolicy(7)))
				p.server.ResetTrips()
				time.Sleep(50 * time.Millisecond)
			}
		})
	})
}

// An entry that expires in a turn is not served.
func TestATurnKeepsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, k := newParts(t, 4, fragment.Options{}), fragment.KeyOf("part", 3)
		p.turn(1)
		must(t, p.caches[0].Set(t.Context(), k, []byte("short"), fragment.Policy{TTL: 30 * time.Millisecond}))
		p.want(2, "1 1 1 short", 1)
		got, _ := p.turn(2, func(i int) {
			if i == 3 {
				time.Sleep(30 * time.Millisecond)
			}
		})
		if got[3] != "2" {
			t.Errorf("got %v, of which the last one has expired", got)
		}
	})
}

// Each is used once: who asks again may want to see a change.
func TestWhatWasFetchedIsUsedOnce(t *testing.T) {
	p := newParts(t, 4, fragment.Options{})
	p.turn(1)
	ctx, done := p.ahead.Fetch(t.Context())
	defer done()
	k := fragment.KeyOf("part", 1)
	wantDo(t, p.caches[0], k, partPolicy(1), give("2"), "1")
	do(t, ctx, p.caches[0], k, partPolicy(1), give("2"))
	must(t, p.caches[1].Delete(t.Context(), k))
	if got := do(t, ctx, p.caches[0], k, partPolicy(1), give("2")); got != "2" {
		t.Errorf("got %s, which was deleted before it was asked for again", got)
	}
}

// A key that is another one each time costs a few fetches and no memory.
func TestAheadForgetsWhatIsNotAskedForAgain(t *testing.T) {
	p := newParts(t, 3, fragment.Options{})
	p.turn(1)
	for i := range 200 {
		ctx, done := p.ahead.Fetch(t.Context())
		for j := range 3 {
			do(t, ctx, p.caches[0], fragment.KeyOf("part", j), partPolicy(j), give("1"))
		}
		for j := range 100 {
			p.caches[0].Get(ctx, fragment.KeyOf("visitor", i, j))
		}
		p.caches[0].Get(ctx, fragment.KeyOf(strings.Repeat("x", 400), i))
		done()
		if n := fragment.Expected(&p.ahead); n > 256 {
			t.Fatalf("turn %d: %d keys are remembered", i, n)
		}
	}
	p.want(1, "1 1 1", 1)
	for range 4 {
		p.turn(1)
	}
	if n := fragment.Expected(&p.ahead); n != 3 {
		t.Errorf("%d keys are remembered, want the 3 of the last turns", n)
	}
}

// A server that is down costs the turn a call, and nobody an error.
func TestATurnWithoutItsServer(t *testing.T) {
	p := newParts(t, 10, fragment.Options{MaxFaults: 1})
	p.turn(1)
	p.server.Down()
	p.want(2, "2 2 2 2 2 2 2 2 2 2", 0)
	if n := p.caches[0].Stats().Faults; n != 1 {
		t.Errorf("%d faults, want that of the fetch alone", n)
	}
	must(t, p.caches[0].Close())
	p.want(3, "3 3 3 3 3 3 3 3 3 3", 0)
}

// What is kept near needs no trip, and is not fetched.
func TestATurnLeavesAloneWhatIsNear(t *testing.T) {
	p := newParts(t, 6, fragment.Options{Near: fragmenttest.NewMemory()})
	p.turn(1)
	p.want(2, "1 1 1 1 1 1", 0)
	p.want(2, "1 1 1 1 1 1", 0)
	if n := p.caches[0].Stats(); n.Near != 12 {
		t.Errorf("%+v, want 12 from near", n)
	}
}

// A cache in memory of its own has nothing to do with it.
func TestATurnIsNothingToACacheOfItsOwn(t *testing.T) {
	c, seen := fresh(t, fragment.Options{}), new(fragment.Ahead)
	for range 2 {
		ctx, done := seen.Fetch(t.Context())
		for i := range 3 {
			do(t, ctx, c, fragment.KeyOf("part", i), withTags(), give("1"))
		}
		done()
	}
	if n := fragment.Expected(seen); n != 0 {
		t.Errorf("%d keys are remembered", n)
	}
}
