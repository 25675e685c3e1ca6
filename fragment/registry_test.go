package fragment_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pongocache/pongocache/fragment"
)

// The driver "memory-test" opens a memory; "refuse-test" fails.
var (
	opened    atomic.Pointer[memory] // the last one
	stillOpen atomic.Int64
)

// doored is a memory that counts as open until it is closed.
type doored struct{ *memory }

func (d doored) Close() error {
	stillOpen.Add(-1)
	return d.memory.Close()
}

func init() {
	fragment.Register("memory-test", func(_ context.Context, u *fragment.URL) (fragment.Backend, error) {
		m := newMemory()
		opened.Store(m)
		stillOpen.Add(1)
		return local{doored{m}}, u.Err()
	})
	fragment.Register("refuse-test", func(context.Context, *fragment.URL) (fragment.Backend, error) {
		return nil, errDisk
	})
}

func TestCacheIsDeclaredBeforeItIsOpened(t *testing.T) {
	r := fragment.Registry{Observe: new(watcher).observe}
	ctx, k := t.Context(), fragment.KeyOf("k")
	declared := r.Cache("pages")
	wantDo(t, declared, k, fragment.Policy{}, give("before"), "before")
	wantDo(t, declared, k, fragment.Policy{}, give("again"), "again")
	c, err := r.Open(ctx, "pages", "memory-test:", fragment.Options{})
	must(t, err)
	if c != declared || r.Cache("pages") != declared {
		t.Error("Open returns another cache than was declared")
	}
	wantDo(t, declared, k, fragment.Policy{}, give("after"), "after")
	wantGet(t, declared, k, "after")
	must(t, r.Close())
}

func TestCacheThatIsOnlyDeclared(t *testing.T) {
	var w watcher
	r := fragment.Registry{Observe: w.observe}
	ctx, c, k := t.Context(), r.Cache("pages"), fragment.KeyOf("k")
	for range 3 {
		wantDo(t, c, k, fragment.Policy{}, give("v"), "v")
		wantGet(t, c, k, "-")
		if found, err := c.GetMany(ctx, []fragment.Key{k}); len(found) != 0 || err != nil {
			t.Errorf("GetMany = %v, %v", found, err)
		}
	}
	events := w.events()
	if len(events) != 1 || events[0].Cache != "pages" || !errors.Is(events[0].Err, fragment.ErrNotOpen) || events[0].Reason == "" {
		t.Errorf("events %+v, want one that says why nothing is stored", events)
	}
	_, err := c.Do(ctx, k, fragment.Policy{}, fails)
	wantErr(t, "Do", err, errFill)
	wantErr(t, "InvalidateTags", c.InvalidateTags(ctx, "t"), nil)
	wantErr(t, "Clear", c.Clear(ctx), nil)
	wantErr(t, "Close", c.Close(), nil)
	for doing, err := range writes(ctx, c, k) {
		wantErr(t, doing, err, fragment.ErrNotOpen)
	}
	if s := c.Stats(); s.Fills != 0 || s.Names == nil {
		t.Errorf("Stats = %+v", s)
	}
}

// Without an observer it is one line of the program's log.
func TestCacheThatIsOnlyDeclaredSaysSoInTheLog(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	var r fragment.Registry
	for range 3 {
		wantDo(t, r.Cache("pages"), body, fragment.Policy{}, give("v"), "v")
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "cache=pages") || !strings.Contains(text, "Registry.Open") {
		t.Errorf("logged %q, want one line that names the cache and what to do", text)
	}
}

func TestNameIsOpenedOnce(t *testing.T) {
	var r fragment.Registry
	ctx, own := t.Context(), fresh(t, fragment.Options{})
	_, err := r.Open(ctx, "a", "memory-test:", fragment.Options{})
	must(t, err)
	first := opened.Load()
	must(t, r.Use("b", own))
	for _, name := range []string{"a", "b"} {
		if _, err := r.Open(ctx, name, "memory-test:", fragment.Options{}); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("Open(%q) again: %v, want an error that names it", name, err)
		}
		if err := r.Use(name, own); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("Use(%q) again: %v, want an error that names it", name, err)
		}
	}
	if opened.Load() != first {
		t.Error("a backend was opened for a name that is taken")
	}
	must(t, r.Use("c", own)) // a cache may have two names
	must(t, r.Close())
}

func TestUseNeedsAnOpenCache(t *testing.T) {
	var r fragment.Registry
	for _, c := range []*fragment.Cache{nil, r.Cache("declared"), {}} {
		if err := r.Use("n", c); err == nil {
			t.Error("Use takes a cache that is not open")
		}
	}
}

func TestEmptyNameIsTheDefault(t *testing.T) {
	var r fragment.Registry
	c, err := r.Open(t.Context(), "", "memory-test:", fragment.Options{})
	must(t, err)
	other, ok := r.Lookup(fragment.DefaultName)
	if r.Cache("default") != c || r.Cache("") != c || other != c || !ok {
		t.Error(`"" and "default" are not the same cache`)
	}
	if _, err := r.Open(t.Context(), "default", "null:", fragment.Options{}); err == nil {
		t.Error("the default cache is opened twice")
	}
	must(t, r.Close())
}

func TestLookup(t *testing.T) {
	var r fragment.Registry
	if c, ok := r.Lookup("never"); ok || c != nil {
		t.Error("a name that was never heard of is found")
	}
	declared := r.Cache("declared")
	if c, ok := r.Lookup("declared"); !ok || c != declared {
		t.Error("a declared cache is not found")
	}
	if _, ok := r.Lookup("never"); ok {
		t.Error("Lookup declares")
	}
}

// A name stays free when it could not be opened.
func TestOpenThatFails(t *testing.T) {
	var r fragment.Registry
	declared := r.Cache("c")
	if _, err := r.Open(t.Context(), "c", "refuse-test:", fragment.Options{}); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("Open: %v, want the error of the driver and the name", err)
	}
	if _, err := r.Open(t.Context(), "c", "memory-test:", fragment.Options{Prefix: "a b"}); err == nil {
		t.Error("Open takes a bad prefix")
	}
	if opened.Load().closes != 1 {
		t.Error("a backend that was opened for bad options is not closed")
	}
	c, err := r.Open(t.Context(), "c", "memory-test:", fragment.Options{})
	if c != declared || err != nil {
		t.Errorf("Open: %v", err)
	}
	must(t, r.Close())
}

func TestRegistryClosesWhatItOpened(t *testing.T) {
	var r fragment.Registry
	own := newMemory()
	used := open(t, local{own}, fragment.Options{})
	must(t, r.Use("used", used))
	c, err := r.Open(t.Context(), "opened", "memory-test:", fragment.Options{})
	must(t, err)
	r.Cache("declared")
	for range 2 {
		must(t, r.Close())
	}
	if opened.Load().closes != 1 || own.closes != 0 {
		t.Errorf("closed %d times what was opened and %d times what was used", opened.Load().closes, own.closes)
	}
	wantErr(t, "Set", c.Set(t.Context(), body, nil, fragment.Policy{}), fragment.ErrClosed)
	must(t, used.Set(t.Context(), body, nil, fragment.Policy{}))
	if _, err := r.Open(t.Context(), "later", "memory-test:", fragment.Options{}); err == nil {
		t.Error("a closed registry opens")
	}
	if err := r.Use("later", used); err == nil {
		t.Error("a closed registry takes a cache")
	}
}

// closer is a Backend whose Close fails.
type closer struct{ fragment.Backend }

func (closer) Close() error { return errDisk }

func init() {
	fragment.Register("closer-test", func(context.Context, *fragment.URL) (fragment.Backend, error) {
		return closer{newMemory()}, nil
	})
}

func TestErrorsOfCloseAreJoined(t *testing.T) {
	var r fragment.Registry
	for _, name := range []string{"a", "b"} {
		_, err := r.Open(t.Context(), name, "closer-test:", fragment.Options{})
		must(t, err)
	}
	err := r.Close()
	if !errors.Is(err, errDisk) || strings.Count(err.Error(), errDisk.Error()) != 2 {
		t.Errorf("Close: %v, want both errors", err)
	}
	must(t, r.Close())
}
