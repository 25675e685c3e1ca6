package metrics_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/metrics"
	"github.com/pongocache/pongocache/internal/ratio"
)

// A hit costs no allocation, as without an observer.
func TestHitAllocatesNothing(t *testing.T) {
	s, ctx := show(t, metrics.Options{}), t.Context()
	c, k := s.use(t, "c", &shelf{}), fragment.KeyOf("k")
	do(t, c, "k", give(0, "v"))
	allocs := testing.AllocsPerRun(100, func() { c.Do(ctx, k, fragment.Policy{}, fails) })
	if allocs != 0 {
		t.Errorf("a hit allocates %v times, want 0", allocs)
	}
}

// A hit that is observed, beside one with an observer that does nothing, and
// beside one without an observer.
func BenchmarkHitObserved(b *testing.B) {
	m := metrics.New(nil, metrics.Options{})
	b.Run("beside=nobody", func(b *testing.B) { compare(b, nil, m.Observe) })
	b.Run("beside=idle", func(b *testing.B) { compare(b, func(context.Context, fragment.Event) {}, m.Observe) })
}

// One collection of a cache with as many names as are counted.
func BenchmarkCollect(b *testing.B) {
	for name, o := range map[string]metrics.Options{"names": {}, "per-cache": {PerCache: true}} {
		b.Run(name, func(b *testing.B) {
			s := show(b, o)
			c := s.use(b, "c", &shelf{})
			to := prometheus.NewRegistry()
			to.MustRegister(s.m)
			for i := range fragment.MaxNames {
				do(b, c, fmt.Sprint("name ", i), give(0, ""))
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := to.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func compare(b *testing.B, baseline, ours func(context.Context, fragment.Event)) {
	hits := func(observe func(context.Context, fragment.Event)) func(n int) {
		c, err := fragment.New(&shelf{}, fragment.Options{Observe: observe})
		must(b, err)
		do(b, c, "k", give(0, "v"))
		ctx, k := b.Context(), fragment.KeyOf("k")
		return func(n int) {
			for range n {
				c.Do(ctx, k, fragment.Policy{}, fails)
			}
		}
	}
	ratio.Compare(b, hits(baseline), hits(ours))
}
