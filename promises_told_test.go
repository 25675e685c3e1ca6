package pongocache_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var telling = chapter{"What is told", []promise{
	{says: "every event, in this order", story: everyEvent,
		policy: fragment.Policy{TTL: time.Second, Stale: time.Minute, RetryAfter: -1}},
	{says: "the breaker opens, half opens and closes", story: breakerTells, processes: 1},
	{says: "how long a fill took, and what hits have saved", story: savedTime},
	{says: "statistics count the same", story: sameStatistics, policy: stale},
}}

// wantTold requires what was told since it was last asked: kinds, names and
// reasons.
func (w *world) wantTold(doing string, want ...string) {
	w.Helper()
	var got []string
	for _, e := range w.seen.Events() {
		line := strings.TrimSpace(e.Kind.String() + " " + e.Name)
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		got = append(got, line)
	}
	w.seen.Reset()
	if !slices.Equal(got, want) {
		w.Errorf("%s:\ngot\n\t%s\nwant\n\t%s", doing, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func everyEvent(w *world) {
	w.want("x", give("v"), "v")
	w.wantTold("a fill", "miss /thing", "fill /thing", "store /thing")
	w.want("x", w.never, "v")
	w.wantTold("a hit", "hit /thing")
	end := beside(func() { w.want("y", takes(time.Second, "v"), "v") })
	w.want("y", w.never, "v")
	end()
	w.wantTold("one who waits", "miss /thing", "miss /thing", "fill /thing", "store /thing", "wait /thing")
	end = beside(func() { w.want("x", takes(time.Second, "v"), "v") })
	w.want("x", w.never, "v")
	end()
	w.wantTold("one beside a refill", "stale /thing: another caller refills", "fill /thing", "store /thing")
	time.Sleep(time.Second)
	w.want("x", fails, "v")
	w.wantTold("a refill that fails", "fill /thing", "stale /thing: the refill failed")
	w.want("z", says(give("v"), func(ctx context.Context) { fragment.DoNotStore(ctx, "personal") }), "v")
	w.wantTold("what is personal", "miss /thing", "fill /thing", "skip /thing: personal")
	w.invalidates("t")
	w.wantTold("an invalidation", "invalidate: tags")
	w.faults.Inject(fragmenttest.Fault{Does: fragmenttest.Fail})
	w.want("x", give("v"), "v")
	last := "fault /thing: set"
	if w.server != nil { // which is not written to by one who could not read it
		last = unseen
	}
	w.wantTold("a backend that fails", "fault /thing: get", "miss /thing", "fill /thing", last)
}

// unseen is why nothing is written to a shared backend that could not be read.
const unseen = "skip /thing: what is invalidated could not be read before it was computed"

func breakerTells(w *world) {
	ask := func() { w.want("x", give("v"), "v") }
	for range 2 { // faults that are not in a row
		w.server.Down()
		for range 4 {
			ask()
			w.wantTold("a fault", "fault /thing: get", "miss /thing", "fill /thing", unseen)
		}
		w.server.Up()
		ask()
		w.seen.Reset()
		w.invalidates("t")
		w.wantTold("it answers", "invalidate: tags")
	}
	w.server.Down()
	for range 4 {
		ask()
	}
	w.seen.Reset()
	ask()
	w.wantTold("the last one", "breaker: open", "fault /thing: get", "miss /thing", "fill /thing", unseen)
	ask()
	w.wantTold("while it is down", "miss /thing", "fill /thing", unseen)
	w.server.Up()
	time.Sleep(5 * time.Second)
	w.wantTold("it is up", "breaker: half open", "breaker: closed")
	ask()
	w.wantTold("after that", "hit /thing")
}

func savedTime(w *world) {
	w.want("x", takes(2*time.Second, "v"), "v")
	for range 3 {
		w.want("x", w.never, "v")
	}
	fills := w.seen.Events(fragment.EventFill)
	if len(fills) != 1 || fills[0].Duration != 2*time.Second || fills[0].Size == 0 {
		w.Errorf("told %+v, want one fill of 2s, and its size", fills)
	}
	if n := w.cache.Stats().Names[thing]; n.FillTime != 2*time.Second || n.Saved != 6*time.Second {
		w.Errorf("%v were spent and %v saved, want 2s and 6s", n.FillTime, n.Saved)
	}
}

func sameStatistics(w *world) {
	w.old("x")
	end := beside(func() { w.want("x", takes(time.Second, "new"), "new") })
	w.want("x", w.never, "old")
	end()
	together(3, func(int) { w.want("y", takes(time.Second, "v"), "v") })
	w.want("y", w.never, "v")
	w.want("z", says(give("v"), func(ctx context.Context) { fragment.DoNotStore(ctx, "") }), "v")
	want := fragment.Stats{
		Hits: 1, Misses: 5, Stale: 1, Fills: 4, Waits: 2, Stores: 3, Skips: 1,
		Names: map[string]fragment.NameStats{
			thing: {Hits: 1, Misses: 5, Stale: 1, Fills: 4, FillTime: 2 * time.Second, Saved: time.Second},
		},
	}
	got := w.cache.Stats()
	n := got.Names[thing]
	n.Bytes = 0 // a page has a header, too
	got.Names[thing], got.Usage = n, fragment.Usage{}
	if !reflect.DeepEqual(got, want) {
		w.Errorf("got %+v, want %+v", got, want)
	}
}
