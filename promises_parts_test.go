package pongocache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var nesting = chapter{"What is cached inside of something cached", []promise{
	{says: "its tags free what is around it, after a fill of it as after a hit", story: eachPart(tagsBubble)},
	{says: "they free what is around one who waited for it, too", story: eachPart(tagsReachWaiters)},
	{says: "what is around it lives no longer than it does", story: eachPart(lifeBubbles)},
	{says: "with IgnoreInner that keeps its TTL, and has the tags", story: eachPart(ignoresInner),
		policy: ignoring, cache: fragment.Options{Policy: ignoring}},
	{says: "DoNotStore keeps what is around it from being stored", story: eachPart(doNotStoreBubbles)},
	{says: "and lets those go who wait for that", story: eachPart(doNotStoreLetsGo)},
	{says: "SkipStore does not", story: eachPart(skipStoreDoesNot)},
	{says: "nor does a negative TTL, and the tags are passed on", story: eachPart(negativeDoesNot)},
	{says: "what is built on a stale part is served and not stored", story: eachPart(stalePart),
		policy: staleHour, cache: fragment.Options{Policy: staleHour}},
	{says: "the answer that there is nothing is a part like any other", story: eachPart(notFoundPart)},
	{says: "tags and life pass through all other surfaces, in any order", story: throughAll},
}}

var (
	ignoring  = fragment.Policy{TTL: time.Hour, IgnoreInner: true}
	staleHour = fragment.Policy{Stale: time.Hour, RetryAfter: -1, IgnoreInner: true}
)

// A part of x is asked for on a surface of its own.
type part struct {
	*process
	x string
}

// eachPart tells a story of wholes on the surface of w, with a part on each.
func eachPart(story func(w *world, p part)) func(*world) {
	return func(w *world) {
		for _, on := range surfaces {
			story(w, part{w.at(on), "part on " + on.name})
		}
	}
}

// with is a fill that is made of a part: by a policy, and filled by f.
func (p part) with(policy fragment.Policy, f fill) fill {
	return func(ctx context.Context) (string, error) {
		value, err := p.by(policy).ask(ctx, p.x, f)
		return "with " + value, err
	}
}

// around names the i-th whole.
func (p part) around(i int) string { return fmt.Sprint("whole ", i, " with ", p.x) }

// tagging is a fill that says what its tags are.
func tagging(f fill, tags ...string) fill {
	return says(f, func(ctx context.Context) { fragment.AddTags(ctx, tags...) })
}

// wantBoth requires that two wholes are stored.
func (w *world) wantBoth(p part, want string) {
	w.Helper()
	for i := range 2 {
		w.want(p.around(i), w.never, want)
	}
}

// fillsBoth requires that two wholes are filled: the second one finds the part
// that the first one was made of.
func (w *world) fillsBoth(p part, f fill, want string) {
	w.Helper()
	for i := range 2 {
		w.fills(p.around(i), f, want)
	}
}

func tagsBubble(w *world, p part) {
	whole := p.with(fragment.Policy{Tags: []string{"policy"}}, tagging(give("part"), "inside"))
	w.fillsBoth(p, whole, "with part")
	for _, tag := range []string{"policy", "inside"} {
		w.wantBoth(p, "with part")
		w.invalidates(tag)
		w.fillsBoth(p, whole, "with part")
	}
}

func tagsReachWaiters(w *world, p part) {
	whole := p.with(fragment.Policy{}, tagging(takes(time.Second, "part"), "inside"))
	w.lasts(time.Second, func() {
		together(2, func(i int) { w.want(p.around(i), whole, "with part") })
	})
	w.wantBoth(p, "with part")
	w.invalidates("inside")
	w.fillsBoth(p, whole, "with part")
}

func lifeBubbles(w *world, p part) {
	whole := p.with(fragment.Policy{TTL: 10 * time.Second}, give("part"))
	w.fills(p.around(0), whole, "with part")
	time.Sleep(4 * time.Second)
	w.fills(p.around(1), whole, "with part")
	time.Sleep(6*time.Second - 1)
	w.wantBoth(p, "with part")
	time.Sleep(time.Nanosecond)
	w.fillsBoth(p, whole, "with part")
}

func ignoresInner(w *world, p part) {
	whole := p.with(fragment.Policy{TTL: time.Second, IgnoreInner: true}, tagging(give("part"), "inside"))
	w.fillsBoth(p, whole, "with part")
	time.Sleep(time.Hour - 1)
	w.wantBoth(p, "with part")
	w.invalidates("inside")
	w.fillsBoth(p, whole, "with part")
}

func doNotStoreBubbles(w *world, p part) {
	whole := p.with(fragment.Policy{}, says(give("part"), func(ctx context.Context) { fragment.DoNotStore(ctx, "personal") }))
	w.fillsBoth(p, whole, "with part")
	w.fillsBoth(p, whole, "with part")
}

// Each of those who wait may then wait once more: for the part alone.
func doNotStoreLetsGo(w *world, p part) {
	whole := p.with(fragment.Policy{}, func(ctx context.Context) (string, error) {
		time.Sleep(time.Second)
		fragment.DoNotStore(ctx, "personal")
		time.Sleep(time.Second)
		return "part", nil
	})
	start := time.Now()
	together(10, func(int) { w.want(p.around(0), whole, "with part") })
	if took := time.Since(start); took > 4100*time.Millisecond {
		w.Errorf("%s: it took %v, want 4s, and a tenth for those who look now and again", p.x, took)
	}
}

func skipStoreDoesNot(w *world, p part) {
	whole := p.with(fragment.Policy{}, says(give("part"), func(ctx context.Context) { fragment.SkipStore(ctx, "half") }))
	w.fillsBoth(p, whole, "with part")
	w.wantBoth(p, "with part")
}

func negativeDoesNot(w *world, p part) {
	whole := p.with(fragment.Policy{TTL: -1, Tags: []string{"policy"}}, tagging(give("part"), "inside"))
	w.fillsBoth(p, whole, "with part")
	for _, tag := range []string{"policy", "inside"} {
		w.wantBoth(p, "with part")
		w.invalidates(tag)
		w.fillsBoth(p, whole, "with part")
	}
}

func stalePart(w *world, p part) {
	second := staleHour
	second.TTL = time.Second
	whole := func(f fill) fill { return p.with(second, f) }
	outer := func(i int, f fill) fill { return part{w.process, p.around(i)}.with(staleHour, whole(f)) }
	w.fills(p.around(0), whole(give("old")), "with old")
	w.fills("outer 0 "+p.x, outer(2, give("old")), "with with old")
	time.Sleep(time.Second)
	for range 2 {
		w.fills(p.around(1), whole(fails), "with old")
		w.fills("outer 1 "+p.x, outer(1, fails), "with with old")
	}
	w.fills("outer 1 "+p.x, outer(1, give("new")), "with with new")
	w.want("outer 1 "+p.x, w.never, "with with new")
}

// Of a block and of a page that is no value: see the row of ErrNotFound.
func notFoundPart(w *world, p part) {
	if p.on.name == onTag || p.on.name == onPage {
		return
	}
	whole := func(ctx context.Context) (string, error) {
		_, err := p.by(fragment.Policy{Tags: []string{"policy"}}).ask(ctx, p.x, tagging(findsNothing, "inside"))
		if !errors.Is(err, fragment.ErrNotFound) {
			return "", err
		}
		return "with none", nil
	}
	w.fillsBoth(p, whole, "with none")
	for _, tag := range []string{"policy", "inside"} {
		w.wantBoth(p, "with none")
		w.invalidates(tag)
		w.fillsBoth(p, whole, "with none")
	}
	time.Sleep(fragment.DefaultNotFoundTTL - 1)
	w.wantBoth(p, "with none")
	time.Sleep(time.Nanosecond)
	w.fillsBoth(p, whole, "with none")
}

// throughAll asks for a whole with all the other surfaces inside.
func throughAll(w *world) {
	for _, inside := range orders(w.others()) {
		x := ""
		for _, on := range inside {
			x += on.name + " "
		}
		f := tagging(give("core"), "core")
		policy := fragment.Policy{TTL: time.Second}
		for _, on := range inside {
			f = part{w.at(on), x + "on " + on.name}.with(policy, f)
			policy = fragment.Policy{}
		}
		want := strings.Repeat("with ", len(inside)) + "core"
		w.fills(x, f, want)
		w.want(x, w.never, want)
		w.invalidates("core")
		w.fills(x, f, want)
		time.Sleep(time.Second - 1)
		w.want(x, w.never, want)
		time.Sleep(time.Nanosecond)
		w.fills(x, f, want)
	}
}

// others are the surfaces that w is not on.
func (w *world) others() (others []*surface) {
	for _, on := range surfaces {
		if on != w.on {
			others = append(others, on)
		}
	}
	return others
}

// orders are all orders of some.
func orders(some []*surface) (all [][]*surface) {
	if len(some) == 0 {
		return [][]*surface{nil}
	}
	for i, first := range some {
		rest := append(append([]*surface{}, some[:i]...), some[i+1:]...)
		for _, order := range orders(rest) {
			all = append(all, append([]*surface{first}, order...))
		}
	}
	return all
}
