package fragment_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A fill may speak from many goroutines.
func TestScopeIsSafeForConcurrentUse(t *testing.T) {
	c, k := fresh(t, fragment.Options{}), fragment.KeyOf("k")
	wantDo(t, c, k, fragment.Policy{}, func(ctx context.Context) ([]byte, error) {
		together(20, func(i int) {
			for j := range 20 {
				fragment.AddTags(ctx, fmt.Sprint("tag:", j), fmt.Sprint("tag:", i, ":", j))
				fragment.LimitTTL(ctx, time.Hour)
				do(t, ctx, c, fragment.KeyOf("part", j), fragment.Policy{Tags: []string{fmt.Sprint("part:", j)}}, give("p"))
			}
		})
		return []byte("v"), nil
	}, "v")
	wantGet(t, c, k, "v")
	must(t, c.InvalidateTags(t.Context(), "tag:19:19"))
	wantGet(t, c, k, "-")
}

// What a fill left behind speaks to nobody, neither to its entry nor to those
// around it.
func TestCallsAfterTheFillDoNothing(t *testing.T) {
	var w watcher
	c := fresh(t, fragment.Options{Observe: w.observe})
	inner, outer := fragment.KeyOf("inner"), fragment.KeyOf("outer")
	p := fragment.Policy{TTL: time.Hour}
	speak := func(ctx context.Context) {
		fragment.AddTags(ctx, "late")
		fragment.AddTags(ctx, "a bad tag")
		fragment.LimitTTL(ctx, time.Second)
		fragment.StoreWith(ctx, fragment.KeyOf("late"), nil)
		fragment.DoNotStore(ctx, "late")
		c.Do(ctx, fragment.KeyOf("part"), fragment.Policy{TTL: time.Minute, Tags: []string{"late"}}, give(""))
	}
	var left context.Context
	wantDo(t, c, outer, p, func(ctx context.Context) ([]byte, error) {
		value := do(t, ctx, c, inner, p, func(ctx context.Context) ([]byte, error) {
			left = ctx
			return []byte("v"), nil
		})
		speak(left)
		return []byte(value), nil
	}, "v")
	speak(left)
	must(t, c.InvalidateTags(t.Context(), "late"))
	wantGet(t, c, inner, "v")
	wantGet(t, c, outer, "v")
	wantGet(t, c, fragment.KeyOf("late"), "-")
	if skips := w.events(fragment.EventSkip); len(skips) != 0 {
		t.Errorf("skips: %v", skips)
	}
}

func TestScopeFunctionsOutsideAFill(t *testing.T) {
	ctx := t.Context()
	fragment.AddTags(ctx, "t", "a bad tag")
	fragment.LimitTTL(ctx, 0)
	fragment.DoNotStore(ctx, "nothing")
	fragment.StoreWith(ctx, fragment.KeyOf("k"), nil)
	if stored, why := fragment.Kept(ctx); stored || why != "" {
		t.Errorf("Kept = %t, %q", stored, why)
	}
}

// A part that failed is a part as well: what is shown in its place is as old as
// what it read, and stays no longer than it would have. That holds for the page
// that led the failing fill as for one that waited for it.
func TestFailedPartIsAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fragment.Policy{TTL: time.Minute, Tags: []string{"part"}}
		c, pages := fresh(t, fragment.Options{}), levels(t, fragment.Policy{}, fragment.Policy{})
		together(2, func(i int) {
			pages[i].c.Do(t.Context(), pages[i].k, pages[i].p, func(ctx context.Context) ([]byte, error) {
				_, err := c.Do(ctx, fragment.KeyOf("part"), p, func(context.Context) ([]byte, error) {
					time.Sleep(time.Second)
					return nil, errFill
				})
				wantErr(t, "the part", err, errFill)
				return []byte("sorry"), nil
			})
		})
		if waits := c.Stats().Waits; waits != 1 {
			t.Errorf("%d pages waited for the part, want one", waits)
		}
		for _, page := range pages {
			wantLeft(t, page, time.Minute)
			must(t, page.c.InvalidateTags(t.Context(), "part"))
			wantLeft(t, page, 0)
		}
	})
}

// A part that panicked is one for a page that recovers.
func TestPanickedPartIsAPart(t *testing.T) {
	p := fragment.Policy{Tags: []string{"part"}}
	page := levels(t, fragment.Policy{})[0]
	inside([]level{page}, func(ctx context.Context) ([]byte, error) {
		panicOf(func() {
			page.c.Do(ctx, fragment.KeyOf("part"), p, func(ctx context.Context) ([]byte, error) {
				fragment.AddTags(ctx, "added")
				return panics(ctx)
			})
		})
		return []byte("sorry"), nil
	})(t.Context())
	wantGet(t, page.c, page.k, "sorry")
	must(t, page.c.InvalidateTags(t.Context(), "added"))
	wantGet(t, page.c, page.k, "-")
}
