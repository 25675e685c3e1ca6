package pongocache_test

import (
	"context"
	"errors"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

var outages = chapter{"A backend that is down", []promise{
	{says: "after some faults it is left alone, costs nothing, and is used again", story: breakerOpens, processes: 1},
	{says: "what is invalidated while it is down does not come back", story: nothingComesBack, processes: 2, policy: withPolicyTag},
	{says: "an invalidation that it was not told of is made up for", story: invalidationIsRetried, processes: 2,
		policy: withPolicyTag, cache: stubborn},
	{says: "so is a Delete", story: deleteIsRetried, processes: 2, cache: stubborn,
		except: map[string]string{onPage: noPageKey}},
}}

func breakerOpens(w *world) {
	w.fills("x", give("old"), "old")
	w.server.Hang()
	w.lasts(3*readBudget, func() { // each counts for two of five faults
		for range 20 {
			w.fills("x", give("own"), "own")
		}
	})
	w.seen.Faulted(thing, "get").Times(w, 3)
	w.lasts(0, func() {
		if err := w.cache.InvalidateTags(w.Context(), "t"); !isDown(err) {
			w.Errorf("got the error %v, want one that says that it is down", err)
		}
	})
	time.Sleep(time.Minute)
	w.server.Up()
	time.Sleep(5 * time.Second)
	w.fills("y", give("v"), "v")
	w.want("y", w.never, "v")
	w.want("x", w.never, "old") // which nobody has invalidated
}

// isDown reports an error of one who could not tell the backend.
func isDown(err error) bool {
	return errors.Is(err, fragmenttest.ErrUnreachable) || errors.Is(err, fragment.ErrDown)
}

func nothingComesBack(w *world) {
	ways := map[string]func(x string) error{
		"tag":   func(string) error { return w.cache.InvalidateTags(w.Context(), "policy") },
		"clear": func(string) error { return w.cache.Clear(w.Context()) },
	}
	if w.on.remove != nil {
		ways["delete"] = func(x string) error { return w.on.remove(w.Context(), w.process, x) }
	}
	for x, invalidate := range ways {
		w.fills(x, give("old"), "old")
		w.server.Down()
		for range 6 { // all hear that it is down
			for _, p := range w.processes {
				p.fills(x, give("own"), "own")
			}
		}
		if err := invalidate(x); !isDown(err) {
			w.Errorf("%s: got the error %v, want the fault", x, err)
		}
		time.Sleep(10 * time.Second)
		w.server.Up()
		for range 100 {
			for _, p := range w.processes {
				p.fills(x, says(give("own"), func(ctx context.Context) { fragment.SkipStore(ctx, "") }), "own")
			}
			time.Sleep(50 * time.Millisecond)
		}
		w.fills(x, give("new"), "new")
		w.processes[1].want(x, w.never, "new")
	}
}

func invalidationIsRetried(w *world) {
	isRetried(w, func() error { return w.cache.InvalidateTags(w.Context(), "policy") })
}

func deleteIsRetried(w *world) {
	isRetried(w, func() error { return w.on.remove(w.Context(), w.process, "x") })
}

// isRetried frees x as the connection of one process is cut for a moment.
func isRetried(w *world, free func() error) {
	here, there := w.processes[0], w.processes[1]
	here.fills("x", give("old"), "old")
	w.conns[0].Cut()
	if err := free(); !isDown(err) {
		w.Errorf("got the error %v, want the fault", err)
	}
	there.want("x", w.never, "old") // which nobody could tell
	w.conns[0].Mend()
	here.fills("x", says(give("own"), func(ctx context.Context) { fragment.SkipStore(ctx, "") }), "own")
	time.Sleep(2 * time.Second)
	there.fills("x", give("new"), "new")
	here.want("x", w.never, "new")
}
