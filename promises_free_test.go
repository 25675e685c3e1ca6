package pongocache_test

import (
	"context"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var (
	withPolicyTag = fragment.Policy{TTL: time.Hour, Tags: []string{"policy"}}
	withCacheTag  = fragment.Options{Policy: fragment.Policy{Tags: []string{"cache"}}}
)

// allTags are those of what has a tag of the policy, of the cache and from inside
// the fill.
var allTags = []string{"policy", "cache", "inside"}

var invalidation = chapter{"Invalidation", []promise{
	{says: "a tag frees it: of the policy, of the cache or from inside the fill", story: tagFrees,
		policy: withPolicyTag, cache: withCacheTag},
	{says: "also while it is being filled, and before the fill says that it has the tag", story: tagFreesEarlier,
		policy: withPolicyTag, cache: withCacheTag},
	{says: "and while it is being written", story: freedWhileWritten, policy: withPolicyTag},
	{says: "Clear frees all of its cache, and nothing of another on the same backend", story: clearFrees},
	{says: "Delete removes it, also while it is being filled", story: deleteRemoves,
		except: map[string]string{onPage: noPageKey}},
	{says: "Expire leaves it as a stale value", story: expireLeavesStale,
		except: map[string]string{onPage: noPageKey, onTag: noTagKey}},
	{says: "a Registry frees it and what it is made of, whichever caches these are in", story: registryFrees},
	{says: "an error that is remembered goes with its tags", story: errorGoes,
		policy: fragment.Policy{ErrorTTL: time.Hour, Tags: []string{"policy"}}},
}}

func tagFrees(w *world) {
	f := tagging(give("v"), "inside")
	for _, tag := range allTags {
		w.fills(tag, f, "v")
		w.want(tag, w.never, "v")
		w.invalidates("others", tag)
		w.fills(tag, f, "v")
	}
}

func tagFreesEarlier(w *world) { freedWhileFilled(w, w.process) }

// freedWhileFilled has another process, or the same, invalidate what is filled:
// the caller gets what its fill returned, and nobody else does.
func freedWhileFilled(w *world, by *process) {
	for _, tag := range allTags {
		free := func(context.Context) { by.invalidates(tag) }
		for when, f := range map[string]fill{
			"before": says(tagging(give("old"), "inside"), free),
			"after":  tagging(says(give("old"), free), "inside"),
		} {
			x := tag + " " + when
			for range 2 { // the second time its tags are known
				w.fills(x, f, "old")
			}
			for _, p := range w.processes {
				p.fills(x, says(give("new"), func(ctx context.Context) { fragment.SkipStore(ctx, "") }), "new")
			}
			w.fills(x, tagging(give("new"), "inside"), "new")
			by.want(x, w.never, "new")
		}
	}
}

func freedWhileWritten(w *world) {
	w.fills("first", give("v"), "v")
	w.faults.Inject(fragmenttest.Fault{Does: fragmenttest.Delay, For: writeBudget / 2, On: fragmenttest.Writes, Times: 1})
	end := beside(func() { w.fills("x", give("old"), "old") })
	w.invalidates("policy")
	end()
	w.fills("x", give("new"), "new")
	w.want("x", w.never, "new")
}

func clearFrees(w *world) {
	other := w.open(fragment.Options{Prefix: "other"})
	other.want("x", give("of another"), "of another")
	w.fills("x", give("v"), "v")
	w.must(w.cache.Clear(w.Context()))
	w.fills("x", says(give("v"), func(ctx context.Context) { w.must(w.cache.Clear(ctx)) }), "v")
	w.fills("x", give("v"), "v")
	w.want("x", w.never, "v")
	other.want("x", w.never, "of another")
}

func deleteRemoves(w *world) {
	remove := func(ctx context.Context) { w.must(w.on.remove(ctx, w.process, "x")) }
	w.fills("x", give("v"), "v")
	remove(w.Context())
	w.fills("x", says(give("v"), remove), "v")
	w.fills("x", give("v"), "v")
	w.want("x", w.never, "v")
}

func expireLeavesStale(w *world) {
	w.fills("x", give("old"), "old")
	w.must(w.cache.Expire(w.Context(), w.on.key(w.process, "x")))
	w.fills("x", fails, "old")
	time.Sleep(fragment.DefaultRetryAfter)
	w.fills("x", give("new"), "new")
	w.want("x", w.never, "new")
}

func registryFrees(w *world) {
	second := w.open(fragment.Options{Prefix: "second"})
	w.must(w.caches.Use("second", second.cache))
	f := func(value string) fill {
		return part{second, "part"}.with(fragment.Policy{}, tagging(give(value), "inside"))
	}
	w.fills("x", f("old"), "with old")
	w.want("x", w.never, "with old")
	w.must(w.caches.InvalidateTags(w.Context(), "inside"))
	w.fills("x", f("new"), "with new")
}

func errorGoes(w *world) {
	w.wantErr("x", fails, errFill)
	w.wantErr("x", w.never, errFill)
	w.invalidates("policy")
	w.want("x", give("v"), "v")
}

// open returns a process beside w with another cache on the same backend.
func (w *world) open(o fragment.Options) *process {
	return newProcess(w.T, w.on, w.backend(), fragment.Policy{}, o)
}
