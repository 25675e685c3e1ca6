package metrics_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/metrics"
)

// live makes each thing that is shown happen in a cache called "pages".
func live(t *testing.T, s *shown) {
	t.Helper()
	ctx, b := t.Context(), &shelf{usage: fragment.Usage{Entries: 2, Bytes: 300, Capacity: 1 << 20}}
	c := s.use(t, "pages", b)
	go do(t, c, "home", give(time.Second, "welcome"))
	synctest.Wait()
	do(t, c, "home", fails) // waits
	do(t, c, "home", fails) // is a hit
	do(t, c, "menu", give(2*time.Millisecond, "tea"))
	must(t, c.Expire(ctx, fragment.KeyOf("menu")))
	do(t, c, "menu", fails) // is served stale
	do(t, c, "mine", func(ctx context.Context) ([]byte, error) {
		fragment.DoNotStore(ctx, "private")
		return nil, nil
	})
	b.broken = true
	do(t, c, "menu", give(0, ""))
	s.m.Observe(ctx, fragment.Event{Kind: fragment.EventBreaker, Cache: "pages", Reason: "open"})
}

// byCache is what live shows of the cache as a whole.
var byCache = []string{
	`pongocache_breaker_open{cache="pages"} 1`,
	`pongocache_capacity_bytes{cache="pages"} 1.048576e+06`,
	`pongocache_entries{cache="pages"} 2`,
	`pongocache_fault_events_total{cache="pages",reason="get"} 1`,
	`pongocache_faults_total{cache="pages"} 1`,
	`pongocache_fill_duration_seconds_count{cache="pages",outcome="error"} 1`,
	`pongocache_fill_duration_seconds_count{cache="pages",outcome="ok"} 4`,
	`pongocache_fill_duration_seconds_sum{cache="pages",outcome="error"} 0`,
	`pongocache_fill_duration_seconds_sum{cache="pages",outcome="ok"} 1.002`,
	`pongocache_skips_total{cache="pages"} 1`,
	`pongocache_stores_total{cache="pages"} 3`,
	`pongocache_used_bytes{cache="pages"} 300`,
	`pongocache_wait_duration_seconds_count{cache="pages"} 1`,
	`pongocache_wait_duration_seconds_sum{cache="pages"} 1`,
	`pongocache_waits_total{cache="pages"} 1`,
}

func TestEachThingThatHappensIsShown(t *testing.T) {
	wantLive(t, metrics.Options{}, []string{
		`pongocache_fill_seconds_total{cache="pages",name="home"} 1`,
		`pongocache_fill_seconds_total{cache="pages",name="menu"} 0.002`,
		`pongocache_fill_seconds_total{cache="pages",name="mine"} 0`,
		`pongocache_fills_total{cache="pages",name="home"} 1`,
		`pongocache_fills_total{cache="pages",name="menu"} 3`,
		`pongocache_fills_total{cache="pages",name="mine"} 1`,
		`pongocache_hits_total{cache="pages",name="home"} 1`,
		`pongocache_hits_total{cache="pages",name="menu"} 0`,
		`pongocache_hits_total{cache="pages",name="mine"} 0`,
		`pongocache_misses_total{cache="pages",name="home"} 2`,
		`pongocache_misses_total{cache="pages",name="menu"} 2`,
		`pongocache_misses_total{cache="pages",name="mine"} 1`,
		`pongocache_stale_total{cache="pages",name="home"} 0`,
		`pongocache_stale_total{cache="pages",name="menu"} 1`,
		`pongocache_stale_total{cache="pages",name="mine"} 0`,
	})
}

func TestNamesCanBeLeftOut(t *testing.T) {
	wantLive(t, metrics.Options{PerCache: true}, []string{
		`pongocache_fill_seconds_total{cache="pages"} 1.002`,
		`pongocache_fills_total{cache="pages"} 5`,
		`pongocache_hits_total{cache="pages"} 1`,
		`pongocache_misses_total{cache="pages"} 5`,
		`pongocache_stale_total{cache="pages"} 1`,
	})
}

// wantLive tests what is shown of live. How long values took that were saved,
// and how large they were, is the engine's to know.
func wantLive(t *testing.T, o metrics.Options, byName []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := show(t, o)
		live(t, s)
		var got []string
		engine := 0
		for _, line := range s.text(t) {
			if strings.HasPrefix(line, "pongocache_saved_seconds_total{") || strings.HasPrefix(line, "pongocache_stored_bytes_total{") {
				engine++
				continue
			}
			got = append(got, line)
		}
		slices.Sort(got)
		want := append(slices.Clone(byCache), byName...)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if want := len(byName) / 5 * 2; engine != want {
			t.Errorf("%d series of what was saved and stored, want %d", engine, want)
		}
	})
}

// The names keep to what Prometheus asks for.
func TestNamesOfMetricsPassTheLinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := show(t, metrics.Options{})
		live(t, s)
		families, err := s.to.Gather()
		must(t, err)
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		must(t, err)
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	})
}

func TestBreakerIsOpenOrClosed(t *testing.T) {
	s := show(t, metrics.Options{})
	s.use(t, "c", &shelf{})
	for _, step := range []struct{ reason, want string }{{"", "-"}, {"open", "1"}, {"closed", "0"}, {"open", "1"}} {
		if step.reason != "" {
			s.m.Observe(t.Context(), fragment.Event{Kind: fragment.EventBreaker, Cache: "c", Reason: step.reason})
		}
		want(t, s.text(t), `pongocache_breaker_open{cache="c"}`, step.want)
	}
}

// Of several shards it is open while one is.
func TestBreakersOfShardsAreOne(t *testing.T) {
	s := show(t, metrics.Options{})
	s.use(t, "c", &shelf{})
	for _, step := range []struct {
		shard        int
		reason, want string
	}{{1, "open", "1"}, {3, "open", "1"}, {1, "half open", "1"}, {1, "closed", "1"}, {3, "half open", "0"}, {3, "closed", "0"}} {
		s.m.Observe(t.Context(), fragment.Event{Kind: fragment.EventBreaker, Cache: "c", Reason: step.reason, Shard: step.shard})
		want(t, s.text(t), `pongocache_breaker_open{cache="c"}`, step.want)
	}
}

// A figure that the Backend does not know is not shown as zero.
func TestUsageIsShownWhereItIsKnown(t *testing.T) {
	for _, c := range []struct {
		usage                   fragment.Usage
		entries, used, capacity string
	}{
		{fragment.Usage{}, "-", "-", "-"},
		{fragment.Usage{Capacity: 9}, "0", "0", "9"},
		{fragment.Usage{Entries: 1, Bytes: 2}, "1", "2", "-"},
	} {
		s := show(t, metrics.Options{})
		cache := s.use(t, "c", &shelf{usage: c.usage})
		lines := s.text(t)
		want(t, lines, `pongocache_entries{cache="c"}`, c.entries)
		want(t, lines, `pongocache_used_bytes{cache="c"}`, c.used)
		want(t, lines, `pongocache_capacity_bytes{cache="c"}`, c.capacity)
		must(t, cache.Close())
		want(t, s.text(t), `pongocache_entries{cache="c"}`, "-")
	}
}
