package fragment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

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

// A model is a database of few rows, whose versions only grow, and what two
// caches show of it: loaders of one row, blocks of two loaders, pages of a block
// and a row. Each change of a row is announced, by its tag or by its key. Then
// the row's floor rises: whoever asks after that must not see less.
type model struct {
	t       *testing.T
	caches  fragment.Registry
	loaders *fragment.Cache
	pages   *fragment.Cache
	rows    [6]struct {
		mu      sync.Mutex // of the writers of keyed rows
		version atomic.Int64
		floor   atomic.Int64
	}
	asked, changed atomic.Int64
}

const keyed = 4 // rows from here on are freed by their key, not by a tag

func newModel(t *testing.T) *model {
	m := &model{t: t}
	m.loaders = open(t, hesitant(), fragment.Options{})
	m.pages = open(t, hesitant().(local).Backend, fragment.Options{}) // not in process
	must(t, m.caches.Use("loaders", m.loaders))
	must(t, m.caches.Use("pages", m.pages))
	return m
}

func tagOf(row int) string            { return fmt.Sprint("row:", row) }
func loaderKey(row int) fragment.Key  { return fragment.KeyOf("loader", row) }
func rowText(row int, v int64) []byte { return fmt.Appendf(nil, "%d=%d ", row, v) }

// policy is short-lived, so that entries also expire and go stale.
func (m *model) policy(r *rand.Rand) fragment.Policy {
	return fragment.Policy{
		TTL:    time.Duration(1+r.IntN(20)) * time.Millisecond,
		Stale:  []time.Duration{0, 0, time.Millisecond, time.Minute}[r.IntN(4)],
		Jitter: 0.5, IgnoreInner: r.IntN(2) == 0, Refresh: r.IntN(20) == 0,
	}
}

// trouble is what may happen in a fill beside its work.
func trouble(ctx context.Context, r *rand.Rand) error {
	for range r.IntN(4) {
		runtime.Gosched()
	}
	switch r.IntN(60) {
	case 0:
		return errFill
	case 1:
		panic("trouble")
	case 2:
		fragment.DoNotStore(ctx, "trouble")
	}
	return ctx.Err()
}

// load shows one row.
func (m *model) load(ctx context.Context, r *rand.Rand, row int) ([]byte, error) {
	return m.loaders.Do(ctx, loaderKey(row), m.policy(r), func(ctx context.Context) ([]byte, error) {
		return m.read(ctx, r, row)
	})
}

// read is the query of one row; its tag is added before or after it.
func (m *model) read(ctx context.Context, r *rand.Rand, row int) ([]byte, error) {
	early := r.IntN(2) == 0
	if early && row < keyed {
		fragment.AddTags(ctx, tagOf(row))
	}
	err := trouble(ctx, r)
	text := rowText(row, m.rows[row].version.Load())
	if !early && row < keyed {
		runtime.Gosched()
		fragment.AddTags(ctx, tagOf(row))
	}
	return text, err
}

// block shows two rows that have tags.
func (m *model) block(ctx context.Context, r *rand.Rand, a, b int) ([]byte, error) {
	return m.pages.Do(ctx, fragment.KeyOf("block", a, b), m.policy(r), func(ctx context.Context) ([]byte, error) {
		one, err := m.load(ctx, r, a)
		if err != nil {
			return nil, err
		}
		two, ok, _ := m.loaders.Get(ctx, loaderKey(b))
		if !ok {
			if two, err = m.load(ctx, r, b); err != nil {
				return nil, err
			}
		}
		return append(append([]byte(nil), one...), two...), trouble(ctx, r)
	})
}

// page shows a block and a row that it reads itself.
func (m *model) page(ctx context.Context, r *rand.Rand, a, b int) ([]byte, error) {
	return m.pages.Do(ctx, fragment.KeyOf("page", a, b), m.policy(r), func(ctx context.Context) ([]byte, error) {
		own, err := m.read(ctx, r, b)
		if err != nil {
			return nil, err
		}
		block, err := m.block(ctx, r, a, b)
		return append(own, block...), err
	})
}

// ask asks for something and tests it against the floors of before.
func (m *model) ask(r *rand.Rand) {
	var floors [len(m.rows)]int64
	for i := range m.rows {
		floors[i] = m.rows[i].floor.Load()
	}
	ctx := m.t.Context()
	if r.IntN(20) == 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(100))*time.Microsecond)
		defer cancel()
	}
	var shown []byte
	what := []func(){
		func() { shown, _ = m.load(ctx, r, r.IntN(len(m.rows))) },
		func() { shown, _, _ = m.loaders.Get(ctx, loaderKey(r.IntN(len(m.rows)))) },
		func() { shown, _ = m.block(ctx, r, r.IntN(keyed), r.IntN(keyed)) },
		func() { shown, _ = m.page(ctx, r, r.IntN(keyed), r.IntN(keyed)) },
	}[r.IntN(4)]
	panicOf(what)
	m.asked.Add(1)
	for field := range strings.FieldsSeq(string(shown)) {
		row, version, _ := strings.Cut(field, "=")
		i, _ := strconv.Atoi(row)
		v, err := strconv.ParseInt(version, 10, 64)
		if err != nil || v < floors[i] {
			m.t.Errorf("shown %q, want row %d from %d on", shown, i, floors[i])
		}
	}
}

// change makes a new version of a row and announces it.
func (m *model) change(r *rand.Rand) {
	i, ctx := r.IntN(len(m.rows)), m.t.Context()
	row := &m.rows[i]
	row.mu.Lock()
	defer row.mu.Unlock()
	v := row.version.Add(1)
	switch {
	case i >= keyed && r.IntN(2) == 0:
		must(m.t, m.loaders.Set(ctx, loaderKey(i), rowText(i, v), m.policy(r)))
	case i >= keyed:
		must(m.t, m.loaders.Delete(ctx, loaderKey(r.IntN(keyed)), loaderKey(i)))
	case r.IntN(20) == 0:
		must(m.t, m.caches.Clear(ctx))
	default:
		must(m.t, m.caches.InvalidateTags(ctx, tagOf(i), tagOf(r.IntN(keyed))))
	}
	row.floor.Store(v)
	m.changed.Add(1)
}

// fiddle does what must not bring anything back.
func (m *model) fiddle(r *rand.Rand) {
	k := loaderKey(r.IntN(len(m.rows)))
	if r.IntN(2) == 0 {
		m.loaders.Touch(m.t.Context(), k, m.policy(r))
		return
	}
	m.loaders.Expire(m.t.Context(), k)
}

// Every answer to a question that was asked after a change was announced shows
// that change, or a later one.
func TestModelNeverShowsWhatWasInvalidated(t *testing.T) {
	m, seed, end := newModel(t), rand.Uint64(), time.Now().Add(modelTime(t))
	t.Logf("seed %d", seed)
	loop := func(i int, f func(*rand.Rand), pause time.Duration) {
		for r := rand.New(rand.NewPCG(seed, uint64(i))); time.Now().Before(end) && !t.Failed(); {
			f(r)
			time.Sleep(pause)
		}
	}
	together(14, func(i int) {
		switch {
		case i < 10:
			loop(i, m.ask, 0)
		case i < 13:
			loop(i, m.change, []time.Duration{100 * time.Microsecond, time.Millisecond, 5 * time.Millisecond}[i-10])
		default:
			loop(i, m.fiddle, 100*time.Microsecond)
		}
	})
	loaders, pages := m.loaders.Stats(), m.pages.Stats()
	t.Logf("asked %d, changed %d times; %d and %d hits, %d and %d waits, %d and %d skips, %d and %d stale", m.asked.Load(), m.changed.Load(),
		loaders.Hits, pages.Hits, loaders.Waits, pages.Waits, loaders.Skips, pages.Skips, loaders.Stale, pages.Stale)
	if loaders.Hits*pages.Hits*loaders.Waits*pages.Waits*loaders.Skips*pages.Skips*loaders.Stale == 0 {
		t.Error("the model left out something that it is to exercise")
	}
}
