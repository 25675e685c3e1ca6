package fragment_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

var errDisk = errors.New("disk on fire")

// A faulty Backend fails where it is told to, by an error or by a panic.
type faulty struct {
	*memory
	meddler
	on     atomic.Bool
	panics bool
}

// newFaulty returns a Backend whose calls of the given kinds fail while it is on.
func newFaulty(panics bool, kinds ...string) *faulty {
	f := &faulty{memory: newMemory(), panics: panics}
	f.Backend = f.memory
	fail := func() error {
		if f.on.Load() && f.panics {
			panic(errDisk)
		}
		if f.on.Load() {
			return errDisk
		}
		return nil
	}
	if slices.Contains(kinds, "get") {
		f.get = func(context.Context, string) error { return fail() }
	}
	if slices.Contains(kinds, "set") {
		f.set = func(context.Context, string) error { return fail() }
	}
	if slices.Contains(kinds, "delete") {
		f.remove = func(context.Context, []string) error { return fail() }
	}
	return f
}

// wantFault tests that one more fault was counted and told than before.
func wantFault(t *testing.T, c *fragment.Cache, w *watcher, before fragment.Stats, doing string) {
	t.Helper()
	if n := c.Stats().Faults - before.Faults; n != 1 {
		t.Errorf("%s: %d faults counted, want 1", doing, n)
	}
	told := w.events(fragment.EventFault)
	if len(told) != 1 || told[0].Err == nil || told[0].Reason == "" || !strings.Contains(told[0].Err.Error(), errDisk.Error()) {
		t.Errorf("%s: faults told: %+v, want one with its error and what was done", doing, told)
	}
	w.take()
}

// Whatever fails in the Backend, Do returns the value; and each fault is
// counted and told.
func TestDoNeverFailsByItsBackend(t *testing.T) {
	for _, panics := range []bool{false, true} {
		for _, kind := range []string{"get", "set"} {
			var w watcher
			f, k := newFaulty(panics, kind), fragment.KeyOf("k", secret)
			c := open(t, local{&f.meddler}, fragment.Options{Observe: w.observe})
			wantDo(t, c, k, fragment.Policy{}, give("before"), "before")
			must(t, c.Expire(t.Context(), k))
			w.take()
			before := c.Stats()
			f.on.Store(true)
			wantDo(t, c, k, fragment.Policy{}, give("during"), "during")
			wantFault(t, c, &w, before, kind)
			f.on.Store(false)
			want := map[string]string{"get": "during", "set": "after"}[kind]
			wantDo(t, c, k, fragment.Policy{}, give("after"), want)
		}
	}
}

func TestReadersSeeAFaultAsAMiss(t *testing.T) {
	var w watcher
	f, k := newFaulty(false, "get"), fragment.KeyOf("k")
	c := open(t, &f.meddler, fragment.Options{Observe: w.observe})
	must(t, c.Set(t.Context(), k, []byte("v"), fragment.Policy{}))
	f.on.Store(true)
	w.take()
	for doing, read := range map[string]func() (bool, error){
		"Get": func() (bool, error) { _, ok, err := c.Get(t.Context(), k); return ok, err },
		"Has": func() (bool, error) { return c.Has(t.Context(), k) },
		"TTL": func() (bool, error) { _, ok, err := c.TTL(t.Context(), k); return ok, err },
		"GetMany": func() (bool, error) {
			found, err := c.GetMany(t.Context(), []fragment.Key{k, fragment.KeyOf("other")})
			return len(found) > 0, err
		},
	} {
		before := c.Stats()
		if ok, err := read(); ok || err != nil {
			t.Errorf("%s: %t, %v, want a miss", doing, ok, err)
		}
		wantFault(t, c, &w, before, doing)
	}
}

// The writing methods return the fault.
func TestWritersReturnTheFault(t *testing.T) {
	for _, panics := range []bool{false, true} {
		var w watcher
		f, k := newFaulty(panics, "set", "delete"), fragment.KeyOf("k")
		c := open(t, local{&f.meddler}, fragment.Options{Observe: w.observe})
		for doing, write := range map[string]func() error{
			"Set":       func() error { return c.Set(t.Context(), k, nil, fragment.Policy{}) },
			"Delete":    func() error { return c.Delete(t.Context(), k) },
			"Add":       func() error { _, err := c.Add(t.Context(), fragment.KeyOf("new"), nil, fragment.Policy{}); return err },
			"Touch":     func() error { _, err := c.Touch(t.Context(), k, fragment.Policy{}); return err },
			"Expire":    func() error { return c.Expire(t.Context(), k) },
			"Increment": func() error { _, err := c.Increment(t.Context(), k, 1, fragment.Policy{}); return err },
			"Increment of new": func() error {
				_, err := c.Increment(t.Context(), fragment.KeyOf("new"), 1, fragment.Policy{})
				return err
			},
		} {
			f.on.Store(false)
			must(t, c.Set(t.Context(), k, []byte("1"), fragment.Policy{}))
			f.on.Store(true)
			w.take()
			before := c.Stats()
			err := write()
			if err == nil || !panics && !errors.Is(err, errDisk) {
				t.Errorf("%s: error %v, want that of the backend", doing, err)
			}
			wantFault(t, c, &w, before, doing)
		}
	}
}

// A Set that fails deletes what was there, which is older than what it was to
// write.
func TestFailedSetDeletesTheOldEntry(t *testing.T) {
	for _, panics := range []bool{false, true} {
		f, k := newFaulty(panics, "set"), fragment.KeyOf("k")
		c := open(t, local{&f.meddler}, fragment.Options{})
		for doing, write := range map[string]func(){
			"Set": func() { c.Set(t.Context(), k, []byte("new"), fragment.Policy{}) },
			"SetMany": func() {
				c.SetMany(t.Context(), map[fragment.Key][]byte{k: nil, fragment.KeyOf("2"): nil}, fragment.Policy{})
			},
			"Touch": func() { c.Touch(t.Context(), k, fragment.Policy{}) },
		} {
			f.on.Store(false)
			must(t, c.Set(t.Context(), k, []byte("old"), fragment.Policy{}))
			f.on.Store(true)
			write()
			if keys := f.keys(); len(keys) != 0 {
				t.Errorf("after a %s that failed (panic: %t) the backend holds %q", doing, panics, keys)
			}
		}
	}
}

// What cannot be deleted either is told.
func TestFailedSetThatLeavesTheOldEntry(t *testing.T) {
	f, k := newFaulty(false, "set", "delete"), fragment.KeyOf("k")
	c := open(t, local{&f.meddler}, fragment.Options{})
	must(t, c.Set(t.Context(), k, []byte("old"), fragment.Policy{}))
	f.on.Store(true)
	err := c.Set(t.Context(), k, []byte("new"), fragment.Policy{})
	if !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "may remain") {
		t.Errorf("error %v, want that the old entry may remain", err)
	}
}
