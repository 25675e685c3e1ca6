package pongocache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var oneFill = chapter{"One fill", []promise{
	{says: "of a hundred callers one fills, and the others wait for it", story: hundredCallers},
	{says: "the end of its caller is not the others' error: one of them fills", story: leaderLeaves},
	{says: "who waits may leave", story: waiterLeaves},
	{says: "a panic reaches its own caller, and frees the others", story: panicFrees},
	{says: "an error is given to those who wait", story: errorIsShared,
		except: map[string]string{onPage: ownFailure}},
	{says: "where all fills fail nobody waits in line", story: noLineForErrors},
	{says: "what may not be stored is given to nobody else, and they fill side by side", story: sideBySide},
	{says: "nobody waits longer than Options.Wait", story: waitIsBounded,
		cache: fragment.Options{Wait: 3 * time.Second}},
	{says: "a fill may ask for what it fills", story: asksForItself},
	{says: "fills that ask for each other do not wait for each other", story: asksForEachOther},
	{says: "who asks after an invalidation gets nothing from before it", story: asksAfterInvalidation},
}}

func hundredCallers(w *world) {
	var runs atomic.Int64
	w.lasts(time.Second, func() {
		together(100, func(int) { w.want("x", counted(&runs, takes(time.Second, "v")), "v") })
	})
	if runs.Load() != 1 {
		w.Errorf("%d fills, want 1", runs.Load())
	}
	w.seen.Waited(thing).Times(w, 99)
}

func leaderLeaves(w *world) {
	var runs atomic.Int64
	ctx, leave := context.WithTimeout(w.Context(), time.Second)
	defer leave()
	end := beside(func() {
		if _, err := w.ask(ctx, "x", takes(time.Minute, "never")); !w.is(err, context.DeadlineExceeded) {
			w.Errorf("who left got the error %v", err)
		}
	})
	w.lasts(2*time.Second, func() {
		together(10, func(int) { w.want("x", counted(&runs, takes(time.Second, "v")), "v") })
	})
	end()
	if runs.Load() != 1 {
		w.Errorf("%d fills of the others, want 1", runs.Load())
	}
}

func waiterLeaves(w *world) {
	end := beside(func() { w.want("x", takes(time.Minute, "v"), "v") })
	ctx, leave := context.WithTimeout(w.Context(), time.Second)
	defer leave()
	w.lasts(time.Second, func() {
		if _, err := w.ask(ctx, "x", w.never); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("who left got the error %v", err)
		}
	})
	end()
	w.want("x", w.never, "v")
}

func panicFrees(w *world) {
	var runs atomic.Int64
	end := beside(func() {
		if p := panicOf(func() { w.ask(w.Context(), "x", panics) }); p != "oh no" {
			w.Errorf("its caller recovered %v", p)
		}
	})
	w.lasts(time.Second, func() { together(10, func(int) { w.want("x", counted(&runs, give("v")), "v") }) })
	end()
	if runs.Load() != 1 {
		w.Errorf("%d fills of the others, want 1", runs.Load())
	}
}

// failsLate is a fill that fails after a second.
func failsLate(context.Context) (string, error) {
	time.Sleep(time.Second)
	return "", errFill
}

func errorIsShared(w *world) {
	var runs atomic.Int64
	w.lasts(time.Second, func() { together(10, func(int) { w.wantErr("x", counted(&runs, failsLate), errFill) }) })
	if runs.Load() != 1 {
		w.Errorf("%d fills, want 1", runs.Load())
	}
}

func noLineForErrors(w *world) {
	start := time.Now()
	together(10, func(int) { w.wantErr("x", failsLate, errFill) })
	if took := time.Since(start); took > 2*time.Second {
		w.Errorf("it took %v, want no more than two of ten fills in line", took)
	}
}

func sideBySide(w *world) {
	w.lasts(3*time.Second, func() {
		together(10, func(i int) {
			own := fmt.Sprint("of ", i)
			w.want("x", func(ctx context.Context) (string, error) {
				time.Sleep(time.Second)
				fragment.DoNotStore(ctx, "personal")
				time.Sleep(time.Second)
				return own, nil
			}, own)
		})
	})
	w.seen.NotStored(thing, "personal").Times(w, 10)
}

func waitIsBounded(w *world) {
	end := beside(func() { w.want("x", takes(time.Minute, "late"), "late") })
	w.lasts(3*time.Second, func() { w.want("x", give("own"), "own") })
	end()
}

func asksForItself(w *world) {
	w.lasts(0, func() {
		w.want("x", func(ctx context.Context) (string, error) { return w.ask(ctx, "x", give("inner")) }, "inner")
	})
}

func asksForEachOther(w *world) {
	var both sync.WaitGroup
	both.Add(2)
	w.lasts(0, func() {
		together(2, func(i int) {
			one, other := fmt.Sprint(i), fmt.Sprint(1-i)
			w.want(one, func(ctx context.Context) (string, error) {
				both.Done()
				both.Wait()
				_, err := w.ask(ctx, other, give("inner"))
				return "outer", err
			}, "outer")
		})
	})
}

func asksAfterInvalidation(w *world) { newerThan(w, w.process) }

// newerThan asks for what is being filled, after another process, or the same, has
// invalidated it.
func newerThan(w *world, by *process) {
	tagged := func(value string, err error) fill {
		return tagging(func(context.Context) (string, error) {
			time.Sleep(time.Second)
			return value, err
		}, "t")
	}
	for x, before := range map[string]error{"value": nil, "error": errFill} {
		end := beside(func() {
			if _, err := w.ask(w.Context(), x, tagged("old", before)); before == nil && err != nil || before != nil && !w.is(err, before) {
				w.Errorf("the first got the error %v, want %v", err, before)
			}
		})
		by.invalidates("t")
		w.want(x, tagged("new", nil), "new")
		end()
		w.want(x, w.never, "new")
	}
}
