package fragment_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// An entry's life, and what is counted and told at each step.
func TestStatsAndEventsOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		ctx, c, k := t.Context(), fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k", secret)
		bad := fragment.KeyOf("bad")
		type counts struct{ hits, misses, stale, fills, stores, skips uint64 }
		for _, s := range []struct {
			step   string
			do     func()
			events []string
			counts counts
		}{
			{"first", func() { wantDo(t, c, k, staleMinute, takes(time.Second, "v"), "v") }, []string{"miss", "fill", "store"}, counts{0, 1, 0, 1, 1, 0}},
			{"hit", func() { wantDo(t, c, k, staleMinute, give(""), "v") }, []string{"hit"}, counts{1, 1, 0, 1, 1, 0}},
			{"get", func() { wantGet(t, c, k, "v") }, []string{"hit"}, counts{2, 1, 0, 1, 1, 0}},
			{"has", func() { c.Has(ctx, k); c.TTL(ctx, k); c.Has(ctx, bad) }, nil, counts{2, 1, 0, 1, 1, 0}},
			{"many", func() { c.GetMany(ctx, []fragment.Key{k, bad}) }, []string{"hit", "miss"}, counts{3, 2, 0, 1, 1, 0}},
			{"stale", func() { time.Sleep(time.Second); wantDo(t, c, k, staleMinute, fails, "v") }, []string{"fill", "stale"}, counts{3, 2, 1, 2, 1, 0}},
			{"refill", func() { wantDo(t, c, k, staleMinute, give("w"), "w") }, []string{"fill", "store"}, counts{3, 2, 1, 3, 2, 0}},
			{"set", func() { c.Set(ctx, k, nil, fragment.Policy{}) }, []string{"store"}, counts{3, 2, 1, 3, 3, 0}},
			{"delete", func() { c.Delete(ctx, k) }, []string{"invalidate"}, counts{3, 2, 1, 3, 3, 0}},
			{"private", func() { wantDo(t, c, k, staleMinute, private("p"), "p") }, []string{"miss", "fill", "skip"}, counts{3, 3, 1, 4, 3, 1}},
			{"error", func() { c.Do(ctx, k, staleMinute, fails) }, []string{"miss", "fill"}, counts{3, 4, 1, 5, 3, 1}},
			{"off", func() { c.Do(ctx, k, fragment.Policy{TTL: -1}, give("")) }, nil, counts{3, 4, 1, 5, 3, 1}},
			{"tags", func() { c.InvalidateTags(ctx, "t") }, []string{"invalidate"}, counts{3, 4, 1, 5, 3, 1}},
			{"clear", func() { c.Clear(ctx) }, []string{"invalidate"}, counts{3, 4, 1, 5, 3, 1}},
		} {
			s.do()
			if got := w.take(); !reflect.DeepEqual(got, s.events) {
				t.Errorf("%s: events %q, want %q", s.step, got, s.events)
			}
			got := c.Stats()
			if (counts{got.Hits, got.Misses, got.Stale, got.Fills, got.Stores, got.Skips}) != s.counts {
				t.Errorf("%s: %+v, want %+v", s.step, got, s.counts)
			}
		}
		names := c.Stats().Names
		if n := names["k"]; n.Hits != 3 || n.Misses != 3 || n.Stale != 1 || n.Fills != 5 || n.FillTime != 2*time.Second {
			t.Errorf("the name k has %+v", n)
		}
	})
}

// What an event tells, and never a part of a key.
func TestEventsTellTheirStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		ctx, c, k := t.Context(), fresh(t, fragment.Options{Observe: w.observe}), fragment.KeyOf("k", secret)
		start := time.Now()
		go wantDo(t, c, k, staleMinute, takes(time.Second, "value"), "value")
		synctest.Wait()
		wantDo(t, c, k, staleMinute, fails, "value")
		wantGet(t, c, k, "value")
		time.Sleep(time.Second)
		wantDo(t, c, k, staleMinute, fails, "value")
		must(t, c.InvalidateTags(ctx, "a", "b"))
		synctest.Wait()
		want := map[fragment.EventKind]fragment.Event{
			fragment.EventMiss:       {Name: "k", Start: start},
			fragment.EventFill:       {Name: "k", Start: start, Duration: time.Second, Size: 5},
			fragment.EventWait:       {Name: "k", Start: start, Duration: time.Second},
			fragment.EventStore:      {Name: "k", Start: start, Duration: time.Second, Size: 5},
			fragment.EventHit:        {Name: "k", Start: start.Add(time.Second), Size: 5},
			fragment.EventStale:      {Name: "k", Start: start.Add(2 * time.Second), Size: 5, Reason: "the refill failed", Err: errFill},
			fragment.EventInvalidate: {Start: start.Add(2 * time.Second), Reason: "tags", Tags: []string{"a", "b"}},
		}
		for kind, e := range want {
			e.Kind = kind
			got := w.events(kind)
			if len(got) == 0 {
				t.Errorf("no event %v", kind)
				continue
			}
			if !got[0].Start.Equal(e.Start) {
				t.Errorf("%v began at %v, want %v", kind, got[0].Start, e.Start)
			}
			got[0].Start = e.Start
			if !reflect.DeepEqual(got[0], e) {
				t.Errorf("%v: %+v, want %+v", kind, got[0], e)
			}
		}
		if text := fmt.Sprintf("%+v %+v", w.events(), c.Stats()); strings.Contains(text, secret) {
			t.Error("a part of a key is told")
		}
	})
}

func TestNamesAreBounded(t *testing.T) {
	c := fresh(t, fragment.Options{})
	const all = fragment.MaxNames + 500
	for range 2 {
		together(4, func(i int) {
			for j := range all / 4 {
				c.Do(t.Context(), fragment.KeyOf(fmt.Sprint("name ", i, " ", j)), fragment.Policy{}, give(""))
			}
		})
	}
	s := c.Stats()
	if n := len(s.Names); n > fragment.MaxNames+1+4 {
		t.Errorf("%d names are counted, want at most %d and the rest", n, fragment.MaxNames)
	}
	if rest := s.Names[fragment.OtherNames]; rest.Fills < 490 || rest.Fills > 500 || rest.Hits < 490 {
		t.Errorf("the rest is %+v, want some 500", rest)
	}
	if s.Fills != all || s.Hits != all {
		t.Errorf("%d fills and %d hits, want %d", s.Fills, s.Hits, all)
	}
}

// A Backend that tells its usage is asked for it.
func TestUsageIsThatOfTheBackend(t *testing.T) {
	c := open(t, sized{newMemory()}, fragment.Options{})
	if u := c.Stats().Usage; u != (fragment.Usage{Entries: 1, Bytes: 2, Capacity: 3}) {
		t.Errorf("Usage = %+v", u)
	}
	if u := fresh(t, fragment.Options{}).Stats().Usage; u != (fragment.Usage{}) {
		t.Errorf("Usage = %+v of a backend that cannot tell", u)
	}
}

type sized struct{ fragment.Backend }

func (sized) Usage() fragment.Usage { return fragment.Usage{Entries: 1, Bytes: 2, Capacity: 3} }

func TestEventKindsAreWords(t *testing.T) {
	seen := make(map[string]bool)
	for kind := fragment.EventHit; kind <= fragment.EventBreaker; kind++ {
		word := kind.String()
		if word == "" || word == "unknown" || seen[word] {
			t.Errorf("kind %d is %q", kind, word)
		}
		seen[word] = true
	}
	for _, kind := range []fragment.EventKind{0, fragment.EventBreaker + 1, 255} {
		if got := kind.String(); got != "unknown" {
			t.Errorf("kind %d is %q", kind, got)
		}
	}
}
