package pongocache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
	"github.com/pongocache/pongocache/templates"
)

// A world is where a story happens: the processes in it, what they share, and all
// that they tell. Its own methods are those of the first process.
type world struct {
	*process
	processes []*process
	server    *fragmenttest.Server // nil for a backend of one process
	conns     []*fragmenttest.Conn // to it, one each
	memory    *fragmenttest.Memory // nil for one that is shared
	faults    fragmenttest.Faults  // of every backend
	seen      fragmenttest.Recorder
}

// A process has a cache of its own, which is also the one of its templates. What
// it asks for it asks on its surface, by its policy.
type process struct {
	*testing.T
	on      *surface
	policy  fragment.Policy
	options fragment.Options
	cache   *fragment.Cache
	caches  *fragment.Registry
	views   *templates.Set
}

// backends are what a story is told on.
type backends struct {
	name   string
	shared bool
}

var (
	inProcess = backends{"in process", false}
	shared    = backends{"shared", true}
)

func newWorld(t *testing.T, p promise, on *surface, b backends) *world {
	w := new(world)
	if b.shared {
		w.server = fragmenttest.NewServer()
	} else {
		w.memory = fragmenttest.NewMemory()
	}
	p.cache.Observe = w.seen.Observe
	if on.name == onTag { // which has its policy from the cache
		tags := p.cache.Policy.Tags
		p.cache.Policy = p.policy
		p.cache.Policy.Tags = tags
	}
	for range max(p.processes, 1) {
		w.processes = append(w.processes, newProcess(t, on, w.faults.Wrap(w.backend()), p.policy, p.cache))
	}
	w.process = w.processes[0]
	return w
}

// backend is the memory, or a new connection to the server.
func (w *world) backend() fragment.Backend {
	if w.server == nil {
		return w.memory
	}
	conn := w.server.Connect()
	w.conns = append(w.conns, conn)
	return conn
}

func newProcess(t *testing.T, on *surface, b fragment.Backend, p fragment.Policy, o fragment.Options) *process {
	one := &process{T: t, on: on, policy: p, options: o, caches: new(fragment.Registry)}
	var err error
	one.cache, err = fragment.New(b, o)
	one.must(err)
	t.Cleanup(func() { one.cache.Close() })
	one.must(one.caches.Use(fragment.DefaultName, one.cache))
	one.views = viewsOf(t, one.caches)
	return one
}

func viewsOf(t *testing.T, caches *fragment.Registry) *templates.Set {
	views, err := templates.New(fstest.MapFS{}, caches, templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return views
}

// must ends a story at an error that is none of its business.
func (p *process) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// by is p, asking by another policy.
func (p *process) by(policy fragment.Policy) *process {
	other := *p
	other.policy = policy
	return &other
}

// at is p, asking on another surface.
func (p *process) at(on *surface) *process {
	other := *p
	other.on = on
	return &other
}

func (p *process) ask(ctx context.Context, x string, f fill) (string, error) {
	return p.on.ask(ctx, p, x, f)
}

// want asks for x, and requires what comes back.
func (p *process) want(x string, f fill, want string) {
	p.Helper()
	p.wantWith(p.Context(), x, f, want)
}

// wantWith is want with a ctx, such as that of a fill.
func (p *process) wantWith(ctx context.Context, x string, f fill, want string) {
	p.Helper()
	if got, err := p.ask(ctx, x, f); got != want || err != nil {
		p.Errorf("asked for %q: got %q, %v, want %q", x, got, err, want)
	}
}

// fills is want, and requires that the fill runs.
func (p *process) fills(x string, f fill, want string) {
	p.Helper()
	var runs atomic.Int64
	p.want(x, counted(&runs, f), want)
	if runs.Load() == 0 {
		p.Errorf("asked for %q: the fill did not run", x)
	}
}

// wantErr asks for x, and requires an error.
func (p *process) wantErr(x string, f fill, want error) {
	p.Helper()
	got, err := p.ask(p.Context(), x, f)
	if !p.is(err, want) {
		p.Errorf("asked for %q: got %q, %v, want the error %v", x, got, err, want)
	}
}

// is is errors.Is, as far as an error is passed on.
func (p *process) is(err, want error) bool {
	return errors.Is(err, want) || p.on.name == onTag && err != nil && strings.Contains(err.Error(), want.Error())
}

// old has "old" stored as x and lets it become stale.
func (p *process) old(x string) {
	p.Helper()
	p.want(x, give("old"), "old")
	time.Sleep(p.policy.TTL)
}

// invalidates requires that the cache of p can invalidate tags.
func (p *process) invalidates(tags ...string) {
	p.Helper()
	p.must(p.cache.InvalidateTags(context.Background(), tags...))
}

// lasts requires how long f takes.
func (p *process) lasts(want time.Duration, f func()) {
	p.Helper()
	start := time.Now()
	f()
	if got := time.Since(start); got != want {
		p.Errorf("it took %v, want %v", got, want)
	}
}

// together runs n calls of f at the same time.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// beside runs f beside what follows, once it has come as far as it does by itself.
// What it returns waits for its end.
func beside(f func()) (end func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	synctest.Wait()
	return wg.Wait
}
