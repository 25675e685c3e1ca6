package fragment_test

import (
	"context"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// foreseen is a Filler that knows some tags before it fills.
type foreseen struct {
	known, added []string
	asked        int
}

func (f *foreseen) Tags() []string { f.asked++; return f.known }

func (f *foreseen) Fill(ctx context.Context) ([]byte, error) {
	fragment.AddTags(ctx, f.added...)
	return []byte("value"), nil
}

func (f *foreseen) Detached() func(context.Context) ([]byte, error) { return nil }

// What a Filler foresees is a guess about trips, and nothing else: also one that is
// wrong leaves the entry with the tags that Fill has added, and those alone.
func TestForeseenTagsSaveTripsAndChangeNothing(t *testing.T) {
	for _, c := range []struct {
		label        string
		known, added []string
		looks        int // calls of GetMany of the first miss
	}{
		{"right", []string{"a", "b"}, []string{"a", "b"}, 2},
		{"no tags", nil, nil, 2},
		{"too many", []string{"a", "b", "c"}, []string{"a"}, 2},
		{"one is missing", []string{"a"}, []string{"a", "b"}, 4},
		{"none is known", nil, []string{"a", "b"}, 4},
	} {
		server := fragmenttest.NewServer()
		before := connected(t, server)
		k := fragment.KeyOf("key")
		if err := before.Set(t.Context(), fragment.KeyOf("other"), nil, fragment.Policy{Tags: []string{"a", "b", "c"}}); err != nil {
			t.Fatal(err)
		}
		if err := before.Delete(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		f, cache := &foreseen{known: c.known, added: c.added}, connected(t, server)
		server.ResetTrips()
		for range 2 {
			if got, err := cache.DoFiller(t.Context(), k, fragment.Policy{}, f); string(got) != "value" || err != nil {
				t.Fatalf("%s: got %q, %v", c.label, got, err)
			}
		}
		if trips := server.Trips(); trips.GetMany != c.looks+1 || f.asked != 1 {
			t.Errorf("%s: a miss and a hit took %v and asked %d times, want %d GetMany and once", c.label, trips, f.asked, c.looks+1)
		}
		for _, tag := range []string{"c", "a"} {
			if err := connected(t, server).InvalidateTags(t.Context(), tag); err != nil {
				t.Fatal(err)
			}
			want := tag == "c" || len(c.added) == 0
			if there, err := cache.Has(t.Context(), k); there != want || err != nil {
				t.Errorf("%s: after %s was invalidated: got %v, %v, want %v", c.label, tag, there, err, want)
			}
		}
	}
}

// A Backend of this process is not asked for stamps.
func TestNothingIsForeseenInProcess(t *testing.T) {
	c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &foreseen{known: []string{"a"}, added: []string{"a"}}
	if _, err := c.DoFiller(t.Context(), fragment.KeyOf("key"), fragment.Policy{}, f); err != nil || f.asked != 0 {
		t.Errorf("got %v and %d questions, want none", err, f.asked)
	}
}

func connected(t *testing.T, server *fragmenttest.Server) *fragment.Cache {
	t.Helper()
	c, err := fragment.New(server.Connect(), fragment.Options{Prefix: "p"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
