package fragment_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// The soak is a model with a thousand who ask for about a hundred keys, over
// backends on which all kinds of things go wrong. Nobody may be shown a wrong
// value, be stuck, or leave anything behind.

// soakTime is how long each soak runs, as PONGOCACHE_SOAK=30s says; make soak
// sets it. Without it they do not run: what is tested at each change is the model,
// and what a soak has found is a test of its own.
func soakTime(t *testing.T) time.Duration {
	text := os.Getenv("PONGOCACHE_SOAK")
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	must(t, err)
	return d
}

// long is a soak in which whatever it needs has time to happen.
const long = 20 * time.Second

const (
	soakAskers = 1000
	soakRows   = 42 // and 28 blocks and pages of two of them
	soakRounds = 3
)

// A soak is a model that goes on for some rounds, with rest between them.
type soak struct {
	*model
	faults fragmenttest.Faults
	heaps  []uint64 // after each round, in bytes
}

// nuisances befall any call, now and then. What is reported as written or deleted
// is: to lose it breaks what a Backend promises.
var nuisances = []fragmenttest.Fault{
	{Does: fragmenttest.DelayUpTo, For: 2 * time.Millisecond, Chance: 0.05},
	{Does: fragmenttest.Lose, On: fragmenttest.Reads, Chance: 0.02},
	{Does: fragmenttest.Truncate, Chance: 0.01},
	{Does: fragmenttest.Foreign, Chance: 0.01},
}

var failures = []fragmenttest.Fault{
	{Does: fragmenttest.Fail, Chance: 0.04},
	{Does: fragmenttest.FailLate, Chance: 0.02},
	{Does: fragmenttest.Panic, Chance: 0.02},
	{Does: fragmenttest.Lose, On: fragmenttest.Leases, Chance: 0.05},
}

func newSoak(t *testing.T) *soak {
	s := &soak{model: newModel(t, soakRows)}
	s.paired = true
	s.faults.Inject(nuisances...)
	return s
}

// Over a memory of this process. It is trusted with the bits of a value, and may
// not flip them.
func TestSoakInMemory(t *testing.T) {
	if soakTime(t) == 0 {
		return
	}
	leaves := goroutines(t)
	s := newSoak(t)
	s.faults.Inject(failures...)
	s.newProcess().newSite(false, s.faults.Wrap(fragmenttest.NewMemory()), s.faults.Wrap(fragmenttest.NewMemory()), nil, fragment.Options{})
	s.soak(func(context.Context) {}, nil)
	s.close()
	leaves()
}

// soak runs the rounds, in the weather.
func (s *soak) soak(weather func(context.Context), calm func()) {
	needs := s.needs
	for round := range soakRounds {
		if s.needs = nil; round == soakRounds-1 {
			s.needs = needs
		}
		ctx, end := context.WithCancel(s.t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); weather(ctx) }()
		s.run(soakTime(s.t)/soakRounds, soakAskers, func() time.Duration { return rand.N(100 * time.Millisecond) })
		end()
		<-ended
		if calm != nil {
			calm()
		}
		s.rest()
	}
	s.report()
	s.t.Logf("faults: %v; heap after each round: %v", &s.faults, s.heaps)
	if s.faults.Count() == 0 {
		s.t.Error("nothing went wrong")
	}
	if first, last := s.heaps[0], s.heaps[soakRounds-1]; last > first+4<<20 {
		s.t.Errorf("the heap has grown from %d to %d bytes", first, last)
	}
}

// rest waits until nothing is under way, and notes what is held then.
func (s *soak) rest() {
	s.t.Helper()
	for _, p := range s.processes {
		for _, site := range p.sites {
			for _, c := range []*fragment.Cache{site.loaders, site.pages} {
				s.awaitIdle(c)
			}
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	s.heaps = append(s.heaps, m.HeapAlloc)
}

func (s *soak) awaitIdle(c *fragment.Cache) {
	s.t.Helper()
	const patience = 20 * time.Second
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		held := fragment.HeldBy(c)
		if held.Failures > 2*soakRows {
			s.t.Fatalf("more failures than keys are remembered: %+v", held)
		}
		if held.IsIdle() {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("still held %v after the end: %+v", patience, held)
		}
	}
}

func (s *soak) close() {
	for _, p := range s.processes {
		for _, site := range p.sites {
			must(s.t, site.loaders.Close())
			must(s.t, site.pages.Close())
		}
	}
}

// goroutines returns a function that requires that there are no more of them
// than now.
func goroutines(t *testing.T) func() {
	before := runtime.NumGoroutine()
	return func() {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
	}
}
