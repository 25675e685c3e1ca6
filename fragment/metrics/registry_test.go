package metrics_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/metrics"
)

// Caches may come after the Collector, and be declared before they are opened.
func TestCachesAreShownFromThenOn(t *testing.T) {
	s := show(t, metrics.Options{})
	if got := s.text(t); len(got) != 0 {
		t.Errorf("without a cache: %q", got)
	}
	declared := s.caches.Cache("late")
	do(t, declared, "k", give(0, ""))
	want(t, s.text(t), `pongocache_stores_total{cache="late"}`, "0")
	_, err := s.caches.Open(t.Context(), "late", "null:", fragment.Options{})
	must(t, err)
	do(t, declared, "k", give(0, ""))
	want(t, s.text(t), `pongocache_skips_total{cache="late"}`, "1")
	want(t, s.text(t), `pongocache_fills_total{cache="late",name="k"}`, "1")
	want(t, s.text(t), `pongocache_fill_duration_seconds_count{cache="late",outcome="ok"}`, "1")
}

// A cache with two names is shown under both, and its events under the first.
func TestCacheWithTwoNames(t *testing.T) {
	s := show(t, metrics.Options{})
	c := s.use(t, "first", &shelf{})
	must(t, s.caches.Use("second", c))
	do(t, s.caches.Cache("second"), "k", give(0, ""))
	lines := s.text(t)
	want(t, lines, `pongocache_stores_total{cache="first"}`, "1")
	want(t, lines, `pongocache_stores_total{cache="second"}`, "1")
	want(t, lines, `pongocache_fill_duration_seconds_count{cache="first",outcome="ok"}`, "1")
	want(t, lines, `pongocache_fill_duration_seconds_count{cache="second",outcome="ok"}`, "-")
}

// Names of any bytes break neither a page nor the collection.
func TestNamesOfAnyBytes(t *testing.T) {
	s := show(t, metrics.Options{})
	b := &shelf{}
	c := s.use(t, "c\xff", b)
	s.use(t, "c\xfe", &shelf{})
	for _, name := range []string{"k\xff", "k\xfe", "k�", "k\"\n"} {
		do(t, c, name, give(0, ""))
	}
	b.broken = true
	do(t, c, "k", give(0, ""))
	s.m.Observe(t.Context(), fragment.Event{Kind: fragment.EventFault, Cache: "\xff", Reason: "\xff"})
	s.m.Observe(t.Context(), fragment.Event{Kind: fragment.EventBreaker, Cache: "\xff"})
	s.m.Observe(t.Context(), fragment.Event{Kind: fragment.EventWait, Cache: "\xff"})
	lines := s.text(t)
	want(t, lines, `pongocache_fills_total{cache="\"c\\xff\"",name="\"k\\xff\""}`, "1")
	want(t, lines, `pongocache_fills_total{cache="\"c\\xff\"",name="\"k\\xfe\""}`, "1")
	want(t, lines, `pongocache_faults_total{cache="\"c\\xfe\""}`, "0")
}

// However many names a program makes up, its series are bounded.
func TestSeriesAreBounded(t *testing.T) {
	s := show(t, metrics.Options{})
	c := s.use(t, "c", &shelf{})
	for i := range fragment.MaxNames + 500 {
		do(t, c, fmt.Sprint("name ", i), give(0, ""))
	}
	lines := s.text(t)
	if n := len(lines); n > 7*(fragment.MaxNames+1)+20 {
		t.Errorf("%d series", n)
	}
	want(t, lines, `pongocache_fills_total{cache="c",name="`+fragment.OtherNames+`"}`, "500")
}

func TestWithoutARegistryEventsAreShown(t *testing.T) {
	m := metrics.New(nil, metrics.Options{})
	to := prometheus.NewPedanticRegistry()
	must(t, to.Register(m))
	m.Observe(t.Context(), fragment.Event{Kind: fragment.EventFault, Reason: "set"})
	if got := read(t, to); len(got) != 1 || got[0] != `pongocache_fault_events_total{cache="",reason="set"} 1` {
		t.Errorf("shown: %q, want the fault", got)
	}
}

func TestTwoRegistriesAreToldApart(t *testing.T) {
	to := prometheus.NewPedanticRegistry()
	for _, site := range []string{"shop", "blog"} {
		var caches fragment.Registry
		caches.Cache("pages")
		with := prometheus.WrapRegistererWith(prometheus.Labels{"site": site}, to)
		must(t, with.Register(metrics.New(&caches, metrics.Options{})))
	}
	lines := read(t, to)
	want(t, lines, `pongocache_stores_total{cache="pages",site="shop"}`, "0")
	want(t, lines, `pongocache_stores_total{cache="pages",site="blog"}`, "0")
}

// No part of a key is shown.
func TestPartsOfKeysAreNotShown(t *testing.T) {
	s := show(t, metrics.Options{})
	c := s.use(t, "c", &shelf{})
	if _, err := c.Do(t.Context(), fragment.KeyOf("k", "s3cr3t"), fragment.Policy{}, give(0, "v")); err != nil {
		t.Error(err)
	}
	if text := strings.Join(s.text(t), "\n"); !strings.Contains(text, `name="k"`) || strings.Contains(text, "s3cr3t") {
		t.Errorf("shown:\n%s", text)
	}
}

func TestCollectingWhileCachesAreUsed(t *testing.T) {
	s := show(t, metrics.Options{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			c := s.use(t, fmt.Sprint("c", i), &shelf{broken: i == 0})
			for j := range 200 {
				do(t, c, fmt.Sprint("k", j%20), give(0, "v"))
			}
		})
		wg.Go(func() {
			for range 20 {
				s.text(t)
			}
		})
	}
	wg.Wait()
	lines := s.text(t)
	want(t, lines, `pongocache_stores_total{cache="c1"}`, "20")
	want(t, lines, `pongocache_fault_events_total{cache="c0",reason="get"}`, "200")
}
