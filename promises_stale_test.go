package pongocache_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// stale is fresh for a second, then stale for a minute.
var stale = fragment.Policy{TTL: time.Second, Stale: time.Minute, RetryAfter: -1}

func staleWith(change func(*fragment.Policy)) fragment.Policy {
	p := stale
	change(&p)
	return p
}

var refills = chapter{"Stale values", []promise{
	{says: "while one refills, the others are served at once", story: othersAreServed, policy: stale},
	{says: "Inline has it so where refills in the background are the default", story: othersAreServed,
		policy: staleWith(func(p *fragment.Policy) { p.Inline = true }), cache: fragment.Options{Policy: fragment.Policy{Detach: true}}},
	{says: "a value is served for Stale, and not longer", story: staleEnds, policy: stale},
	{says: "FillSoftTimeout is how long the others wait before that", story: othersWait,
		policy: staleWith(func(p *fragment.Policy) { p.FillSoftTimeout = time.Second; p.RetryAfter = time.Minute })},
	{says: "a refill that fails serves it, and is not tried again before RetryAfter", story: retries,
		policy: staleWith(func(p *fragment.Policy) { p.RetryAfter = 5 * time.Second })},
	{says: "FillTimeout ends the ctx of a fill", story: fillTimeout,
		policy: staleWith(func(p *fragment.Policy) { p.FillTimeout = 10 * time.Second })},
	{says: "what is invalidated during a refill is not served if that fails", story: invalidatedDuringRefill,
		policy: staleWith(func(p *fragment.Policy) { p.Tags = []string{"t"} })},
	{says: "a panic is not hidden by a stale value", story: staleHidesNoPanic, policy: stale},
}}

func othersAreServed(w *world) {
	w.old("x")
	end := beside(func() { w.want("x", takes(time.Second, "new"), "new") })
	w.lasts(0, func() { together(10, func(int) { w.want("x", w.never, "old") }) })
	end()
	w.want("x", w.never, "new")
	w.seen.Stale(thing).Times(w, 10)
}

func staleEnds(w *world) {
	w.old("x")
	time.Sleep(w.policy.Stale - 1)
	w.want("x", fails, "old")
	time.Sleep(time.Nanosecond)
	w.wantErr("x", fails, errFill)
}

func othersWait(w *world) {
	w.old("x")
	end := beside(func() { w.want("x", takes(999*time.Millisecond, "newer"), "newer") })
	w.lasts(999*time.Millisecond, func() { w.want("x", w.never, "newer") })
	end()
	time.Sleep(w.policy.TTL)
	end = beside(func() { w.want("x", takes(5*time.Second, "new"), "new") })
	w.lasts(time.Second, func() { w.want("x", w.never, "newer") })
	w.lasts(0, func() { w.want("x", w.never, "newer") }) // for a while nobody waits again
	end()
	w.want("x", w.never, "new")
}

func retries(w *world) {
	var runs atomic.Int64
	w.old("x")
	for range 10 { // in 9 s
		w.want("x", counted(&runs, fails), "old")
		synctest.Wait()
		time.Sleep(time.Second)
	}
	if runs.Load() != 2 {
		w.Errorf("%d tries in 9s, want 2", runs.Load())
	}
}

func fillTimeout(w *world) {
	w.lasts(10*time.Second, func() { w.wantErr("x", takes(time.Hour, "late"), context.DeadlineExceeded) })
	w.old("x")
	w.lasts(10*time.Second, func() {
		w.want("x", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), fragment.ErrFillTimeout) {
				w.Errorf("the cause of its end is %v", context.Cause(ctx))
			}
			return "", ctx.Err()
		}, "old")
	})
}

func invalidatedDuringRefill(w *world) {
	w.old("x")
	w.wantErr("x", says(fails, func(context.Context) { w.invalidates("t") }), errFill)
}

func staleHidesNoPanic(w *world) {
	w.old("x")
	if p := panicOf(func() { w.ask(w.Context(), "x", panics) }); p != "oh no" {
		w.Errorf("recovered %v, want the panic of the fill", p)
	}
	w.want("x", fails, "old")
}

// detached is stale, and refilled in the background.
var detached = staleWith(func(p *fragment.Policy) { p.Detach = true })

func detachedWith(change func(*fragment.Policy)) fragment.Policy {
	p := detached
	change(&p)
	return p
}

var noBackground = map[string]string{onTag: bodyStays}

var background = chapter{"Refills in the background", []promise{
	{says: "even the first is served at once, and may leave", story: firstIsServed, policy: detached, except: noBackground},
	{says: "FillSoftTimeout is how long everybody waits before that", story: allWait, except: noBackground,
		policy: detachedWith(func(p *fragment.Policy) { p.FillSoftTimeout = time.Second; p.RetryAfter = 3 * time.Second })},
	{says: "one that fails is not tried again before RetryAfter", story: retries, except: noBackground,
		policy: detachedWith(func(p *fragment.Policy) { p.RetryAfter = 5 * time.Second })},
	{says: "one that goes on past FillTimeout is given up, and another begins", story: givenUp, except: noBackground, policy: twoSeconds},
	{says: "it is stored if it ends after all, unless something newer is there", story: lateRefill, policy: twoSeconds,
		except: map[string]string{onTag: bodyStays, onPage: halfPage}},
	{says: "one that panics costs nobody anything", story: panicInBackground, policy: detached, except: noBackground},
	{says: "Close ends it", story: closeEnds, policy: detached, except: noBackground},
}}

type valueKey struct{}

func firstIsServed(w *world) {
	w.old("x")
	ctx, leave := context.WithCancel(context.WithValue(w.Context(), valueKey{}, "of the caller"))
	refill := says(takes(10*time.Second, "new"), func(ctx context.Context) {
		if ctx.Value(valueKey{}) != "of the caller" {
			w.Error("the refill lost the values of its ctx")
		}
	})
	w.lasts(0, func() { w.wantWith(ctx, "x", refill, "old") })
	leave()
	w.lasts(0, func() { together(10, func(int) { w.want("x", w.never, "old") }) })
	time.Sleep(10 * time.Second)
	synctest.Wait()
	w.want("x", w.never, "new")
}

func allWait(w *world) {
	w.old("x")
	w.lasts(999*time.Millisecond, func() {
		together(5, func(int) { w.want("x", takes(999*time.Millisecond, "newer"), "newer") })
	})
	time.Sleep(w.policy.TTL)
	w.lasts(time.Second, func() { together(5, func(int) { w.want("x", takes(1001*time.Millisecond, "new"), "newer") }) })
	w.lasts(0, func() { w.want("x", w.never, "newer") })
	time.Sleep(time.Millisecond)
	synctest.Wait()
	w.want("x", w.never, "new")
}

// twoSeconds is how long a refill may take.
var twoSeconds = detachedWith(func(p *fragment.Policy) { p.FillTimeout = 2 * time.Second; p.Tags = []string{"t"} })

// deaf is a fill that does not heed its ctx.
func deaf(context.Context) (string, error) {
	time.Sleep(3500 * time.Millisecond)
	return "late", nil
}

func givenUp(w *world) {
	w.old("x")
	w.want("x", deaf, "old")
	time.Sleep(1900 * time.Millisecond)
	w.want("x", w.never, "old")
	time.Sleep(1200 * time.Millisecond) // also a lease on it is over
	w.want("x", give("new"), "old")
	time.Sleep(500 * time.Millisecond)
	synctest.Wait()
	w.want("x", w.never, "new")
}

func lateRefill(w *world) {
	for x, meanwhile := range map[string]func(){
		"late":  func() {},
		"newer": func() { w.want("newer", give("newer"), "old") },
		"anew":  func() { w.invalidates("t") },
	} {
		w.old(x)
		w.want(x, deaf, "old")
		time.Sleep(3100 * time.Millisecond)
		meanwhile()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		w.want(x, give("anew"), x)
	}
}

func panicInBackground(w *world) {
	w.old("x")
	w.seen.Reset()
	w.want("x", panics, "old")
	time.Sleep(time.Second)
	synctest.Wait()
	w.seen.Saw(fragment.EventFill, thing, "oh no").Once(w)
	w.want("x", give("new"), "old")
	synctest.Wait()
	w.want("x", w.never, "new")
}

func closeEnds(w *world) {
	var ended atomic.Bool
	w.old("x")
	w.want("x", func(ctx context.Context) (string, error) {
		<-ctx.Done()
		ended.Store(true)
		return "", ctx.Err()
	}, "old")
	w.must(w.cache.Close())
	if !ended.Load() {
		w.Error("Close did not wait for it")
	}
	w.want("x", give("not stored"), "not stored")
}
