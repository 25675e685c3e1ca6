package fragment_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// private is a fill whose answer is for its caller alone: it says so at once
// and takes a second.
func private(value string) fill {
	return func(ctx context.Context) ([]byte, error) {
		fragment.DoNotStore(ctx, "it is personal")
		time.Sleep(time.Second)
		return []byte(value), nil
	}
}

func TestDoNotStoreKeepsTheAnswerFromEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watcher
		m, k, start := newMemory(), fragment.KeyOf("k"), time.Now()
		c := open(t, local{m}, fragment.Options{Observe: w.observe})
		together(50, func(i int) {
			own := string(rune('a' + i))
			wantDo(t, c, k, fragment.Policy{}, private(own), own)
		})
		if took := time.Since(start); took != time.Second {
			t.Errorf("50 such callers took %v, want 1s side by side", took)
		}
		if keys := m.keys(); len(keys) != 0 {
			t.Errorf("stored: %q", keys)
		}
		skips := w.events(fragment.EventSkip)
		if len(skips) != 50 || skips[0].Reason != "it is personal" || skips[0].Name != "k" {
			t.Errorf("%d skips, want 50 with the reason: %+v", len(skips), skips[0])
		}
	})
}

// Waiters of a fill are let go when it says DoNotStore, not when it ends.
func TestDoNotStoreLetsWaitersGoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, start := fresh(t, fragment.Options{}), fragment.KeyOf("k"), time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			wantDo(t, c, k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
				time.Sleep(time.Second)
				fragment.DoNotStore(ctx, "late")
				time.Sleep(time.Minute)
				return []byte("private"), nil
			}, "private")
		})
		synctest.Wait()
		together(20, func(int) { wantDo(t, c, k, fragment.Policy{}, give("own"), "own") })
		if took := time.Since(start); took != time.Second {
			t.Errorf("the waiters took %v, want 1s", took)
		}
		wg.Wait()
		wantGet(t, c, k, "own") // theirs may be stored, and it did not take the place of it
	})
}

// It speaks of every fill around, of each cache, and lets the waiters of all
// of them go.
func TestDoNotStoreBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caches := []*fragment.Cache{fresh(t, fragment.Options{}), fresh(t, fragment.Options{}), fresh(t, fragment.Options{})}
		var nest func(level int) fill
		nest = func(level int) fill {
			if level == len(caches) {
				return private("v")
			}
			return func(ctx context.Context) ([]byte, error) {
				return caches[level].Do(ctx, fragment.KeyOf("k", level), fragment.Policy{IgnoreInner: true}, nest(level+1))
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { nest(0)(t.Context()) })
		synctest.Wait()
		start := time.Now()
		for level, c := range caches {
			wantDo(t, c, fragment.KeyOf("k", level), fragment.Policy{TTL: time.Millisecond}, give("own"), "own")
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("callers waited %v for fills that are not to be stored", took)
		}
		wg.Wait()
		time.Sleep(time.Second)
		for level, c := range caches {
			wantGet(t, c, fragment.KeyOf("k", level), "-")
		}
	})
}

// Beside a private part, the public ones are stored.
func TestDoNotStoreDoesNotSpeakOfOthers(t *testing.T) {
	c := fresh(t, fragment.Options{})
	p := fragment.Policy{}
	wantDo(t, c, fragment.KeyOf("page"), p, func(ctx context.Context) ([]byte, error) {
		public := do(t, ctx, c, fragment.KeyOf("public"), p, give("public"))
		own := do(t, ctx, c, fragment.KeyOf("own"), p, func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "")
			return []byte("own"), nil
		})
		later := do(t, ctx, c, fragment.KeyOf("later"), p, give("later"))
		return []byte(strings.Join([]string{public, own, later}, " ")), nil
	}, "public own later")
	wantGet(t, c, fragment.KeyOf("public"), "public")
	wantGet(t, c, fragment.KeyOf("later"), "later")
	wantGet(t, c, fragment.KeyOf("own"), "-")
	wantGet(t, c, fragment.KeyOf("page"), "-")
}

// A part that is not stored for other reasons does not keep what is around it
// from being stored.
func TestOnlyDoNotStoreBubbles(t *testing.T) {
	off := fragment.Policy{TTL: -1}
	small := fresh(t, fragment.Options{MaxValue: 1})
	null := open(t, fragment.Null(), fragment.Options{})
	closed := fresh(t, fragment.Options{})
	must(t, closed.Close())
	declared := (&fragment.Registry{Observe: new(watcher).observe}).Cache("declared")
	parts := map[string]fill{
		"a null cache": func(ctx context.Context) ([]byte, error) {
			return null.Do(ctx, fragment.KeyOf("p"), fragment.Policy{}, give("v"))
		},
		"a closed cache": func(ctx context.Context) ([]byte, error) {
			return closed.Do(ctx, fragment.KeyOf("p"), fragment.Policy{}, give("v"))
		},
		"a declared cache": func(ctx context.Context) ([]byte, error) {
			return declared.Do(ctx, fragment.KeyOf("p"), fragment.Policy{}, give("v"))
		},
		"a negative TTL": func(ctx context.Context) ([]byte, error) { return null.Do(ctx, fragment.KeyOf("p"), off, give("v")) },
		"too large a value": func(ctx context.Context) ([]byte, error) {
			return small.Do(ctx, fragment.KeyOf("p"), fragment.Policy{}, give("vv"))
		},
		"a part that fails": func(ctx context.Context) ([]byte, error) {
			small.Do(ctx, fragment.KeyOf("f"), fragment.Policy{}, fails)
			return []byte("v"), nil
		},
	}
	for name, part := range parts {
		c := fresh(t, fragment.Options{})
		do(t, t.Context(), c, fragment.KeyOf("page"), fragment.Policy{}, part)
		if ok, err := c.Has(t.Context(), fragment.KeyOf("page")); !ok || err != nil {
			t.Errorf("a page with %s inside is not stored (%v)", name, err)
		}
	}
}

// What is said inside of a part that passes by its cache is said to the page.
func TestDoNotStoreInsideAPartThatIsOff(t *testing.T) {
	c := fresh(t, fragment.Options{})
	wantDo(t, c, fragment.KeyOf("page"), fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		return c.Do(ctx, fragment.KeyOf("part"), fragment.Policy{TTL: -1}, func(ctx context.Context) ([]byte, error) {
			fragment.DoNotStore(ctx, "personal")
			return []byte("v"), nil
		})
	}, "v")
	wantGet(t, c, fragment.KeyOf("page"), "-")
}

// The waiters of an answer that is too large to be stored get it nevertheless.
func TestTooLargeAnAnswerIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c, k := fresh(t, fragment.Options{MaxValue: 1}), fragment.KeyOf("k")
		together(20, func(int) {
			wantDo(t, c, k, fragment.Policy{}, counted(&runs, takes(time.Second, "large")), "large")
		})
		if runs.Load() != 1 {
			t.Errorf("%d fills, want one", runs.Load())
		}
	})
}
