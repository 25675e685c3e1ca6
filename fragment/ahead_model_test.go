package fragment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

// A floor is the least version that may be seen from some moment on.
type floor struct {
	from    time.Time
	version int
}

// A fact changes. What is made of it carries its tag.
type fact struct {
	mu      sync.Mutex
	version int
	floors  [2][]floor // by each process; guarded by mu
}

func (f *fact) now() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version
}

// change raises the version, has the process of that number announce it, and notes
// when that was done.
func (f *fact) change(process int, announce func() error) error {
	f.mu.Lock()
	f.version++
	version := f.version
	f.mu.Unlock()
	err := announce()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.floors[process] = append(f.floors[process], floor{time.Now(), version})
	return err
}

// least is what one sees at least who asks at a moment, where what the other
// process did may be seen so much later.
func (f *fact) least(at time.Time, late time.Duration) (version int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for process, floors := range f.floors {
		limit := at
		if process == 1 {
			limit = at.Add(-late)
		}
		for _, one := range floors {
			if !one.from.After(limit) {
				version = max(version, one.version)
			}
		}
	}
	return version
}

// A world is some facts, each with a part of its own, and pages made of all parts.
type aheadWorld struct {
	*processes
	facts [8]fact
	ahead fragment.Ahead
}

func factTag(i int) string { return fmt.Sprint("fact:", i) }

// part asks for one of the parts.
func (w *aheadWorld) part(ctx context.Context, i int) int {
	p := fragment.Policy{TTL: time.Hour}
	if i%2 == 0 {
		p.Tags = []string{factTag(i)}
	}
	got, err := w.caches[0].Do(ctx, fragment.KeyOf("part", i), p, func(ctx context.Context) ([]byte, error) {
		fragment.AddTags(ctx, factTag(i)) // the others have their tag from inside
		return strconv.AppendInt(nil, int64(w.facts[i].now()), 10), nil
	})
	if err != nil {
		w.Error(err)
	}
	version, _ := strconv.Atoi(string(got))
	return version
}

// read is a turn that asks for all parts, in any order.
func (w *aheadWorld) read(ctx context.Context, late time.Duration) {
	ctx, done := w.ahead.Fetch(ctx)
	defer done()
	for _, i := range rand.Perm(len(w.facts)) {
		if rand.IntN(4) == 0 {
			time.Sleep(rand.N(20 * time.Millisecond))
		}
		began := time.Now()
		least := w.facts[i].least(began, late)
		if got := w.part(ctx, i); got < least {
			w.Errorf("part %d shows version %d, want %d at least", i, got, least)
		}
	}
}

// page asks for what is made of some parts: by a turn inside of its fill, or by
// fills inside of a turn. What is stored must never be late.
func (w *aheadWorld) page(ctx context.Context, n int) {
	inside := n%2 == 0
	if !inside {
		var done func()
		ctx, done = w.ahead.Fetch(ctx)
		defer done()
	}
	w.caches[0].Do(ctx, fragment.KeyOf("page", n), withTags(), func(ctx context.Context) ([]byte, error) {
		if inside {
			var done func()
			ctx, done = w.ahead.Fetch(ctx)
			defer done()
		}
		time.Sleep(rand.N(10 * time.Millisecond))
		all := make([]byte, len(w.facts))
		for i := range w.facts {
			all[i] = byte(w.part(ctx, i) % 256)
		}
		return all, nil
	})
}

// stored looks at a page that is stored, by the plain way and the other process.
func (w *aheadWorld) stored(ctx context.Context, n int) (found bool) {
	var least [len(w.facts)]int
	for i := range w.facts {
		least[i] = w.facts[i].least(time.Now(), 0)
	}
	all, ok, _ := w.caches[1].Get(ctx, fragment.KeyOf("page", n))
	for i, version := range all {
		if int8(version-byte(least[i]%256)) < 0 {
			w.Errorf("page %d is stored with version %d of part %d, want %d at least", n, version, i, least[i]%256)
		}
	}
	return ok
}

// Whatever is announced while turns run is seen: at once if it was by their own
// process, else 50 milliseconds later at most; and never late in what is stored.
func TestTurnsAgainstAModel(t *testing.T) {
	w := &aheadWorld{processes: newProcesses(t, 2, fragment.Options{})}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var all sync.WaitGroup
	run := func(f func()) {
		all.Go(func() {
			for ctx.Err() == nil {
				f()
			}
		})
	}
	for process := range 2 {
		run(func() {
			i := rand.IntN(len(w.facts))
			if err := w.facts[i].change(process, func() error { return w.caches[process].InvalidateTags(t.Context(), factTag(i)) }); err != nil {
				t.Error(err)
			}
			time.Sleep(rand.N(30 * time.Millisecond))
		})
	}
	pages, turns := 0, 0
	run(func() { w.read(t.Context(), 50*time.Millisecond); turns++ })
	run(func() { w.read(t.Context(), 50*time.Millisecond) })
	for n := range 2 {
		run(func() { w.page(t.Context(), n) })
	}
	run(func() {
		if w.stored(t.Context(), rand.IntN(2)) {
			pages++
		}
		time.Sleep(time.Millisecond)
	})
	all.Wait()
	if pages == 0 || turns < 10 {
		t.Errorf("%d pages were found and %d turns were made: the test tests nothing", pages, turns)
	}
}
