package fragment_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// cachesOf are the names by which faults of connect were told, in order.
func cachesOf(seen *fragmenttest.Recorder) (names []string) {
	for _, e := range seen.Events(fragment.EventFault) {
		if e.Reason == "connect" {
			names = append(names, e.Cache)
		}
	}
	slices.Sort(names)
	return names
}

// What a cache falls back to is asked at once whether it can be reached, under a
// name that tells it from that cache.
func TestFallbackThatCannotBeReachedIsTold(t *testing.T) {
	first := url.QueryEscape("zz-unreachable:")
	then := url.QueryEscape("fallback:?first=" + first + "&then=" + first)
	synctest.Test(t, func(t *testing.T) {
		var seen fragmenttest.Recorder
		r := fragment.Registry{Observe: seen.Observe}
		_, err := r.Open(t.Context(), "shared", "fallback:?first="+first+"&then="+then, fragment.Options{})
		must(t, err)
		synctest.Wait()
		want := []string{"shared", "shared (fallback)", "shared (fallback) (fallback)"}
		if got := cachesOf(&seen); !slices.Equal(got, want) {
			t.Errorf("told of %q, want %q", got, want)
		}
		must(t, r.Close())
	})
}

// A fallback that was opened by itself was greeted then, and keeps a name of its own.
func TestFallbackWithANameOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen fragmenttest.Recorder
		r := fragment.Registry{Observe: seen.Observe}
		spare, err := r.Open(t.Context(), "spare", "zz-unreachable:", fragment.Options{})
		must(t, err)
		_, err = r.Open(t.Context(), "shared", "zz-unreachable:", fragment.Options{Fallback: spare})
		must(t, err)
		synctest.Wait()
		if got, want := fmt.Sprint(cachesOf(&seen)), "[shared spare]"; got != want {
			t.Errorf("told of %s, want %s", got, want)
		}
		must(t, r.Close())
	})
}

// While it serves, its events are told from those of the cache that it stands in for.
func TestEventsOfAFallbackBearItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var spare, seen fragmenttest.Recorder
		p := newProcesses(t, 1, fragment.Options{})
		p.conns = append(p.conns, p.server.Connect())
		c := open(t, p.conns[1], fragment.Options{Fallback: fresh(t, fragment.Options{Observe: spare.Observe}), Observe: seen.Observe})
		var r fragment.Registry
		must(t, r.Use("shared", c))
		p.down(c)
		wantDo(t, c, fragment.KeyOf("k"), withTags(), give("v"), "v")
		for name, events := range map[string][]fragment.Event{"shared (fallback)": spare.Events(), "shared": seen.Events()} {
			if len(events) == 0 {
				t.Errorf("of %q nothing was told", name)
			}
			for _, e := range events {
				if e.Cache != name {
					t.Errorf("%v was told of %q, want %q", e.Kind, e.Cache, name)
				}
			}
		}
	})
}
