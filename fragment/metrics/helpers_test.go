package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/metrics"
)

var errDisk = errors.New("disk on fire")

// A shelf is a Backend that tells a usage, and fails to read while it is broken.
type shelf struct {
	entries sync.Map
	usage   fragment.Usage
	broken  bool
}

func (s *shelf) Get(_ context.Context, key string) ([]byte, bool, error) {
	if s.broken {
		return nil, false, errDisk
	}
	value, ok := s.entries.Load(key)
	if !ok {
		return nil, false, nil
	}
	return value.([]byte), true, nil
}

func (s *shelf) Set(_ context.Context, key string, value []byte, _ time.Duration) error {
	s.entries.Store(key, value)
	return nil
}

func (s *shelf) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		s.entries.Delete(key)
	}
	return nil
}

func (s *shelf) Close() error          { return nil }
func (s *shelf) InProcess()            {}
func (s *shelf) Usage() fragment.Usage { return s.usage }

// shown is a Registry and the Collector that shows it.
type shown struct {
	caches fragment.Registry
	m      *metrics.Collector
	to     *prometheus.Registry
}

func show(t testing.TB, o metrics.Options) *shown {
	t.Helper()
	s := &shown{to: prometheus.NewPedanticRegistry()}
	s.m = metrics.New(&s.caches, o)
	s.caches.Observe = s.m.Observe
	must(t, s.to.Register(s.m))
	return s
}

// use makes b the cache called name, which is observed.
func (s *shown) use(t testing.TB, name string, b fragment.Backend) *fragment.Cache {
	t.Helper()
	c, err := fragment.New(b, fragment.Options{Observe: s.m.Observe})
	must(t, err)
	must(t, s.caches.Use(name, c))
	return c
}

// text is what Prometheus reads: see read.
func (s *shown) text(t testing.TB) []string {
	t.Helper()
	return read(t, s.to)
}

// read returns the series that are gathered, each with its value, as Prometheus
// writes them; of a histogram its count and sum.
func read(t testing.TB, from prometheus.Gatherer) []string {
	t.Helper()
	families, err := from.Gather()
	must(t, err)
	var lines []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			of := "{" + strings.Join(labels, ",") + "} "
			if h := m.GetHistogram(); h != nil {
				lines = append(lines, fmt.Sprint(family.GetName(), "_count", of, h.GetSampleCount()), fmt.Sprint(family.GetName(), "_sum", of, h.GetSampleSum()))
				continue
			}
			lines = append(lines, fmt.Sprint(family.GetName(), of, m.GetCounter().GetValue()+m.GetGauge().GetValue()))
		}
	}
	return lines
}

// want tests that a line is shown, or with the value "-", that its series is not.
func want(t testing.TB, lines []string, series, value string) {
	t.Helper()
	got := "-"
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			got = rest
		}
	}
	if got != value {
		t.Errorf("%s is %s, want %s", series, got, value)
	}
}

func do(t testing.TB, c *fragment.Cache, name string, f func(context.Context) ([]byte, error)) {
	t.Helper()
	if _, err := c.Do(t.Context(), fragment.KeyOf(name), fragment.Policy{}, f); err != nil {
		t.Errorf("Do(%s): %v", name, err)
	}
}

// give is a fill that takes d and returns value.
func give(d time.Duration, value string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) {
		time.Sleep(d)
		return []byte(value), nil
	}
}

// fails is a fill that fails.
func fails(context.Context) ([]byte, error) { return nil, errDisk }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
