package pongocache_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

var severalProcesses = chapter{"Several processes", []promise{
	{says: "what one stores all serve, and what one invalidates none serves", story: shareAll, processes: 2,
		policy: withPolicyTag, cache: withCacheTag},
	{says: "also while another one fills it, and before that says that it has the tag", story: anotherFrees, processes: 2,
		policy: withPolicyTag, cache: withCacheTag},
	{says: "Delete removes it everywhere, also while another one fills it", story: anotherRemoves, processes: 2,
		except: map[string]string{onPage: noPageKey}},
	{says: "of callers in all of them one fills", story: oneFillInAll, processes: 5},
	{says: "who waits for another process may leave, and those who wait beside it stay", story: leavesAnother, processes: 2},
	{says: "who asks after another one has invalidated gets nothing from before it", story: asksAfterAnother, processes: 2},
	{says: "while one refills, the others serve the stale value at once", story: staleElsewhere, processes: 2, policy: stale},
	{says: "what may not be stored keeps nobody in line elsewhere", story: noLineElsewhere, processes: 3},
	{says: "a process that dies as it fills keeps nobody waiting for long", story: deadProcess, processes: 2,
		policy: fragment.Policy{FillTimeout: time.Second}},
	{says: "a server that loses what it holds brings nothing back", story: lossIsAMiss, processes: 2, policy: withPolicyTag},
}}

func shareAll(w *world) {
	here, there := w.processes[0], w.processes[1]
	f := tagging(give("v"), "inside")
	ways := map[string]func(){"clear": func() { w.must(there.cache.Clear(w.Context())) }}
	for _, tag := range allTags {
		ways[tag] = func() { there.invalidates(tag) }
	}
	for x, free := range ways {
		here.fills(x, f, "v")
		there.want(x, w.never, "v")
		free()
		here.fills(x, f, "v")
		there.want(x, w.never, "v")
		free()
		there.fills(x, f, "v")
	}
}

func anotherFrees(w *world) { freedWhileFilled(w, w.processes[1]) }

func anotherRemoves(w *world) {
	here, there := w.processes[0], w.processes[1]
	remove := func(ctx context.Context) { w.must(w.on.remove(ctx, there, "x")) }
	here.fills("x", give("v"), "v")
	remove(w.Context())
	here.fills("x", says(give("v"), remove), "v")
	there.fills("x", give("v"), "v")
	here.want("x", w.never, "v")
}

func oneFillInAll(w *world) {
	var runs atomic.Int64
	start := time.Now()
	together(50, func(i int) {
		w.processes[i%len(w.processes)].want("x", counted(&runs, takes(time.Second, "v")), "v")
	})
	if took := time.Since(start); runs.Load() != 1 || took > 1100*time.Millisecond {
		w.Errorf("%d fills, after %v, want 1 after 1s, and a tenth for those who look now and again", runs.Load(), took)
	}
}

func leavesAnother(w *world) {
	here, there := w.processes[0], w.processes[1]
	end := beside(func() { here.want("x", takes(5*time.Second, "v"), "v") })
	ctx, leave := context.WithTimeout(w.Context(), time.Second)
	defer leave()
	endOther := beside(func() {
		w.lasts(time.Second, func() {
			if _, err := there.ask(ctx, "x", there.never); !there.is(err, context.DeadlineExceeded) {
				w.Errorf("who left got the error %v", err)
			}
		})
	})
	together(10, func(int) { there.want("x", there.never, "v") })
	endOther()
	end()
}

func asksAfterAnother(w *world) { newerThan(w, w.processes[1]) }

func staleElsewhere(w *world) {
	here, there := w.processes[0], w.processes[1]
	here.old("x")
	end := beside(func() { here.want("x", takes(time.Second, "new"), "new") })
	w.lasts(0, func() { there.want("x", w.never, "old") })
	end()
	there.want("x", w.never, "new")
}

func noLineElsewhere(w *world) {
	start := time.Now()
	together(len(w.processes), func(i int) {
		own := fmt.Sprint("of ", i)
		w.processes[i].want("x", func(ctx context.Context) (string, error) {
			time.Sleep(time.Second)
			fragment.DoNotStore(ctx, "personal")
			time.Sleep(time.Second)
			return own, nil
		}, own)
	})
	if took := time.Since(start); took > 3300*time.Millisecond {
		w.Errorf("it took %v, want the others to begin when the first fill says so", took)
	}
}

// The one who dies cannot end its lease any more.
func deadProcess(w *world) {
	start, dead := time.Now(), w.processes[0]
	end := beside(func() { dead.wantErr("x", takes(time.Hour, "late"), context.DeadlineExceeded) })
	w.conns[0].Cut()
	w.processes[1].want("x", give("v"), "v")
	if took := time.Since(start); took < time.Second || took > 2200*time.Millisecond {
		w.Errorf("it took %v, want what a fill may take and a second for its write", took)
	}
	end()
}

func lossIsAMiss(w *world) {
	here, there := w.processes[0], w.processes[1]
	here.fills("x", give("old"), "old")
	late := make(map[string][]byte)
	for _, key := range w.server.Keys() {
		late[key], _ = w.server.Raw(key)
	}
	w.server.Flush()
	there.invalidates("policy")
	for key, raw := range late {
		if !isStamp(key) {
			w.server.Put(key, raw) // by a writer that was slow
		}
	}
	here.fills("x", give("new"), "new")
	there.want("x", w.never, "new")
	w.seen.Faulted("", "").Never(w)
}

// isStamp reports what is no entry, but tells whether one is valid.
func isStamp(key string) bool { return key[0] == '!' || strings.Contains(key, "~!") }
