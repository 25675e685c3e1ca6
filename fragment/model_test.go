package fragment_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// A model is a database of few rows, whose versions only grow, and what several
// processes show of it. Each of them has sites: one over a server that all
// share, one near, of its own. Each change of a row is announced by one of them,
// by its tag or by its key. Then floors rise: whoever asks after that must not see
// less, wherever he asks a site that the announcement concerns. Those are the
// shared ones of all processes, and the near one of the process that announced. A
// site that falls back hears of what others announce a while later.
type model struct {
	t         *testing.T
	rows      []row
	keyed     int  // rows from here on are freed by their key, not by a tag
	paired    bool // each row is shown beside one other alone
	partly    bool // a Clear that fails may have been told to some of several stores
	processes []*process
	seen      tally
	needs     []string // what has to happen, in the words of the tally
}

type row struct {
	mu      sync.Mutex // of the writers of a keyed row
	version atomic.Int64
	floor   atomic.Int64 // of the shared sites
	late    atomic.Int64 // of those among them that fall back
}

// A process announces to all of its sites.
type process struct {
	*model
	caches fragment.Registry
	sites  []*site
}

// A site shows rows: loaders of one row, blocks of two loaders, pages of a block
// and a row.
type site struct {
	*process
	shared  bool
	falls   bool // it falls back to a memory of its own
	loaders *fragment.Cache
	pages   *fragment.Cache
	floors  []atomic.Int64 // of the rows, by what this process announced
	turns   fragment.Ahead // of those who ask
	inner   fragment.Ahead // of its fills
}

func newModel(t *testing.T, rows int) *model {
	return &model{t: t, rows: make([]row, rows), keyed: rows * 2 / 3}
}

func (m *model) newProcess() *process {
	p := &process{model: m}
	m.processes = append(m.processes, p)
	return p
}

// newSite adds a site to p, whose caches are over these backends, and keep copies
// in what near returns, if it is not nil.
func (p *process) newSite(shared bool, loaders, pages fragment.Backend, near func() fragment.Backend, o fragment.Options) {
	s := &site{process: p, shared: shared, falls: o.FallbackTTL > 0, floors: make([]atomic.Int64, len(p.rows))}
	o.Observe = p.seen.observe
	for name, one := range map[string]struct {
		cache **fragment.Cache
		b     fragment.Backend
	}{"loaders": {&s.loaders, loaders}, "pages": {&s.pages, pages}} {
		if o.Prefix = name; near != nil {
			o.Near = near()
		}
		if s.falls {
			o.Fallback = open(p.t, fragmenttest.NewMemory(), fragment.Options{Observe: p.seen.observeFallback})
		}
		*one.cache = open(p.t, one.b, o)
		must(p.t, p.caches.Use(fmt.Sprint(name, len(p.sites)), *one.cache))
	}
	p.sites = append(p.sites, s)
}

// inMemory is for copies that are kept near.
func inMemory() fragment.Backend { return fragmenttest.NewMemory() }

// rise raises a floor to v.
func rise(floor *atomic.Int64, v int64) {
	for old := floor.Load(); old < v && !floor.CompareAndSwap(old, v); old = floor.Load() {
	}
}

// floor is what s has to show of a row now, at least.
func (s *site) floor(row int) int64 {
	switch {
	case s.falls:
		return max(s.floors[row].Load(), s.rows[row].late.Load())
	case s.shared:
		return max(s.floors[row].Load(), s.rows[row].floor.Load())
	}
	return s.floors[row].Load()
}

// modelTime is how long the model runs; PONGOCACHE_MODEL=10m runs it longer.
func modelTime(t *testing.T) time.Duration {
	text := os.Getenv("PONGOCACHE_MODEL")
	if text == "" {
		return 5 * time.Second
	}
	d, err := time.ParseDuration(text)
	must(t, err)
	return d
}

// plain is a Backend that can do no more than it must.
type plain struct{ fragment.Backend }

// Every answer to a question that was asked after a change was announced shows
// that change, or a later one.
func TestModelNeverShowsWhatWasInvalidated(t *testing.T) {
	all := func(b fragment.Backend) fragment.Backend { return b }
	none := func(b fragment.Backend) fragment.Backend { return plain{b} }
	leases := []string{"stale: another process refills", "wait: another process filled it", "hit: near"}
	for _, run := range []struct {
		abilities string
		of        func(fragment.Backend) fragment.Backend
		also      []string
	}{{"all", all, leases}, {"none", none, nil}} {
		t.Run(run.abilities, func(t *testing.T) {
			m, server, slow := newModel(t, 6), fragmenttest.NewServer(), new(fragmenttest.Faults)
			slow.Inject(fragmenttest.Fault{Does: fragmenttest.DelayUpTo, For: 300 * time.Microsecond, Chance: 0.1})
			for i := range 3 {
				p, near := m.newProcess(), inMemory
				if i == 0 || run.also == nil { // who does not watch is told nothing
					near = nil
				}
				o := fragment.Options{ReadTimeout: time.Minute, WriteTimeout: time.Minute} // nothing fails here
				p.newSite(true, run.of(slow.Wrap(server.Connect())), run.of(slow.Wrap(server.Connect())), near, o)
				p.newSite(false, hesitant(), hesitant().(local).Backend, nil, o) // the pages not in process
			}
			m.needs = slices.Concat(always, run.also)
			m.run(modelTime(t)/2, 12, func() time.Duration { return 0 })
			m.report()
		})
	}
}

// run lets many ask, some announce and some fiddle, for a while, and then until
// all has happened that the model needs.
func (m *model) run(d time.Duration, askers int, pause func() time.Duration) {
	end := time.Now().Add(d)
	over := func() bool {
		late := time.Since(end)
		return m.t.Failed() || late > 20*time.Second || late > 0 && len(m.missing()) == 0
	}
	loop := func(f func(*process), pause func() time.Duration) {
		for !over() {
			f(m.processes[rand.IntN(len(m.processes))])
			time.Sleep(pause())
		}
	}
	together(askers+8, func(i int) {
		switch i - askers {
		case 0, 1, 2, 3, 4:
			loop((*process).change, m.rhythm)
		case 5, 6, 7:
			loop((*process).fiddle, m.rhythm)
		default:
			loop((*process).ask, pause)
		}
	})
}

// rhythm is now hurried and now slow, so that entries also grow old; mostly slow
// where there are many rows.
func (m *model) rhythm() time.Duration {
	if time.Now().UnixMilli()/30%int64(1+len(m.rows)/6) == 0 {
		return time.Duration(rand.IntN(500)) * time.Microsecond
	}
	return 20 * time.Millisecond
}

// A tally counts what happened, by the kinds of events and their reasons.
type tally struct{ counts sync.Map } // text → *atomic.Int64

func (c *tally) add(what string) {
	n, ok := c.counts.Load(what)
	if !ok {
		n, _ = c.counts.LoadOrStore(what, new(atomic.Int64))
	}
	n.(*atomic.Int64).Add(1)
}

func (c *tally) of(what string) int64 {
	if n, ok := c.counts.Load(what); ok {
		return n.(*atomic.Int64).Load()
	}
	return 0
}

// missing is what the model needs and has not happened.
func (m *model) missing() []string {
	return slices.DeleteFunc(slices.Clone(m.needs), func(what string) bool { return m.seen.of(what) > 0 })
}

// report logs what happened, and how often.
func (m *model) report() {
	var lines []string
	m.seen.counts.Range(func(what, n any) bool {
		lines = append(lines, fmt.Sprintf("%8d %s", n.(*atomic.Int64).Load(), what))
		return true
	})
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[9:], b[9:]) })
	m.t.Logf("what happened:\n%s", strings.Join(lines, "\n"))
	if missing := m.missing(); len(missing) > 0 {
		m.t.Errorf("left out what it is to exercise: %q", missing)
	}
}
