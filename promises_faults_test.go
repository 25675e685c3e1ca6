package pongocache_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/compress"
	"github.com/pongocache/pongocache/fragment/encrypt"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// What calls to a backend may cost, by default.
const (
	readBudget  = 100 * time.Millisecond
	writeBudget = time.Second
)

// stubborn caches ask their backend however often it failed.
var stubborn = fragment.Options{MaxFaults: -1}

var faults = chapter{"A backend that fails", []promise{
	{says: "one that errs, panics or forgets costs fills, and no answer", story: backendFails, cache: stubborn},
	{says: "one that returns garbage, or what is another's, does neither", story: backendLies, cache: stubborn},
	{says: "what was left under its key is a miss and a fault, and is replaced", story: garbageIsReplaced},
	{says: "an entry is of its key, and under another one a miss", story: entriesAreBound, processes: 1},
	{says: "with transforms it holds no readable word, and what was changed is a miss", story: transformed},
	{says: "one that hangs costs a read, and nothing is stored", story: backendHangs, processes: 1, cache: stubborn},
	{says: "one that does not take values costs a write", story: writesHang, processes: 1, cache: stubborn},
	{says: "a value that it does not take is served", story: writeFails},
	{says: "those who wait fill once more at most while it fails", story: fewFillsWhileFailing, cache: stubborn},
	{says: "a cache that is closed, or not open yet, runs the fills", story: closedRunsFills},
}}

// survives asks for the same several times while faults happen: each time the
// answer is what its own fill returns, or one from before.
func (w *world) survives(f fragmenttest.Fault) {
	w.Helper()
	x, values := fmt.Sprint(f.Does, " ", f.On), []string{"stored"}
	w.want(x, give("stored"), "stored")
	w.faults.Inject(f)
	for i := range 3 {
		own := fmt.Sprint("of ", i)
		values = append(values, own)
		if got, err := w.ask(w.Context(), x, give(own)); err != nil || !slices.Contains(values, got) {
			w.Errorf("%s: got %q, %v, want one of %q", x, got, err, values)
		}
	}
	w.faults.Stop()
	w.fills("after "+x, give("v"), "v")
	w.want("after "+x, w.never, "v")
	if w.faults.Count(f.Does) == 0 {
		w.Errorf("%s did not happen", f.Does)
	}
}

func backendFails(w *world) {
	for _, does := range []fragmenttest.Effect{fragmenttest.Fail, fragmenttest.FailLate, fragmenttest.Panic, fragmenttest.Lose} {
		for _, on := range []fragmenttest.Calls{0, fragmenttest.Reads, fragmenttest.Writes} {
			w.survives(fragmenttest.Fault{Does: does, On: on})
		}
	}
}

// In memory of this process a value is no more in doubt than any other variable.
func backendLies(w *world) {
	for _, does := range []fragmenttest.Effect{fragmenttest.Truncate, fragmenttest.Foreign, fragmenttest.Flip} {
		if w.server != nil || does != fragmenttest.Flip {
			w.survives(fragmenttest.Fault{Does: does})
		}
	}
}

func garbageIsReplaced(w *world) {
	w.fills("x", give("old"), "old")
	w.eachEntry(func(key string, _ []byte) { w.held().Put(key, []byte("of another program")) })
	w.fills("x", give("new"), "new")
	w.seen.Faulted(thing, "decode").Await(w)
	w.want("x", w.never, "new")
}

// held is what the backend holds.
func (w *world) held() interface {
	Keys() []string
	Raw(key string) (raw []byte, ok bool)
	Put(key string, raw []byte)
} {
	if w.server != nil {
		return w.server
	}
	return w.memory
}

// eachEntry calls f with a copy of each entry that the backend holds.
func (w *world) eachEntry(f func(key string, raw []byte)) {
	for _, key := range w.held().Keys() {
		if raw, _ := w.held().Raw(key); !isStamp(key) {
			f(key, raw)
		}
	}
}

// transforms are made within the story, because they have channels.
func (w *world) transforms() []fragment.Transform {
	small, err := compress.New(compress.Options{})
	w.must(err)
	secret, err := encrypt.New([]byte("a key, as long as a key has to be"[:32]))
	w.must(err)
	return []fragment.Transform{small, secret}
}

func transformed(w *world) {
	p := w.open(fragment.Options{Prefix: "sealed", Transforms: w.transforms()})
	const word = "a word of many "
	value := strings.Repeat(word, 100)
	p.fills("x", give(value), value)
	p.want("x", p.never, value)
	w.eachEntry(func(key string, raw []byte) {
		if bytes.Contains(raw, []byte(word)) || len(raw) > len(value)/2 {
			w.Errorf("%s holds %q", key, raw)
		}
		raw[len(raw)-1]++
		w.held().Put(key, raw)
	})
	p.fills("x", give("new"), "new")
	p.want("x", p.never, "new")
}

func entriesAreBound(w *world) {
	w.fills("x", give("of x"), "of x")
	ofX := w.server.Keys()
	w.fills("y", give("of y"), "of y")
	ofY := slices.DeleteFunc(w.server.Keys(), func(key string) bool { return slices.Contains(ofX, key) })
	for _, from := range slices.DeleteFunc(ofX, isStamp) {
		raw, _ := w.server.Raw(from)
		for _, to := range ofY {
			w.server.Put(to, raw)
		}
		w.fills("y", give("of y"), "of y")
	}
}

func backendHangs(w *world) {
	w.fills("x", give("stored"), "stored")
	w.server.Hang()
	for range 3 {
		w.lasts(readBudget, func() { w.fills("x", give("own"), "own") })
	}
	w.lasts(readBudget+time.Second, func() { together(10, func(int) { w.want("x", takes(time.Second, "one"), "one") }) })
	w.server.Up()
	w.want("x", w.never, "stored")
}

func writesHang(w *world) {
	w.fills("first", give("v"), "v")
	w.faults.Inject(fragmenttest.Fault{Does: fragmenttest.Delay, For: time.Hour, On: fragmenttest.Writes})
	for range 2 {
		w.lasts(writeBudget, func() { w.fills("x", give("own"), "own") })
	}
	w.faults.Stop()
	w.fills("x", give("v"), "v")
	w.want("x", w.never, "v")
}

func writeFails(w *world) {
	w.fills("first", give("v"), "v")
	w.faults.Inject(fragmenttest.Fault{Does: fragmenttest.Fail, On: fragmenttest.Writes})
	for range 2 {
		w.fills("x", give("own"), "own")
	}
	w.seen.Faulted(thing, "set").Times(w, 2)
	w.faults.Stop()
	w.fills("x", give("v"), "v")
	w.want("x", w.never, "v")
}

// Who asked after a fill had begun, and cannot see whether another process has
// invalidated something since, takes that of the next fill.
func fewFillsWhileFailing(w *world) {
	var runs atomic.Int64
	w.faults.Inject(fragmenttest.Fault{Does: fragmenttest.Fail})
	start := time.Now()
	together(100, func(int) { w.want("x", counted(&runs, takes(time.Second, "v")), "v") })
	if took := time.Since(start); runs.Load() > 2 || took > 2*time.Second {
		w.Errorf("%d fills, after %v, want 2 of a second at most", runs.Load(), took)
	}
}

func closedRunsFills(w *world) {
	declared := *w.process
	declared.caches = &fragment.Registry{Observe: w.seen.Observe}
	declared.cache = declared.caches.Cache(fragment.DefaultName)
	declared.views = viewsOf(w.T, declared.caches)
	w.must(w.cache.Close())
	for _, p := range []*process{w.process, &declared} {
		for range 2 {
			p.fills("x", give("v"), "v")
		}
	}
	w.seen.NotStored("", "declared but not opened").Once(w)
}
