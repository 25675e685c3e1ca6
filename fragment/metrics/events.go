package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
)

// told is what comes by events.
type told struct {
	fills, waits *prometheus.HistogramVec
	faults       *prometheus.CounterVec
	breaker      *prometheus.GaugeVec
	opens        *openings
}

// buckets reach from a small template to a fill that somebody gave up on.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newTold() told {
	return told{
		fills: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "fill_duration_seconds", Help: "How long fills took, by how they ended.", Buckets: buckets,
		}, []string{"cache", "outcome"}),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "wait_duration_seconds", Help: "How long callers waited for the fill of another.", Buckets: buckets,
		}, []string{"cache"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "fault_events_total", Help: "Faults by what was being done.",
		}, []string{"cache", "reason"}),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "breaker_open", Help: "1 while the circuit breaker of the backend, or of one of its shards, is open, else 0.",
		}, []string{"cache"}),
		opens: new(openings),
	}
}

func (t told) all() []prometheus.Collector {
	return []prometheus.Collector{t.fills, t.waits, t.faults, t.breaker}
}

func (t told) observe(e *fragment.Event) {
	switch e.Kind {
	case fragment.EventFill:
		t.fills.WithLabelValues(label(e.Cache), outcome(e.Err)).Observe(e.Duration.Seconds())
	case fragment.EventWait:
		t.waits.WithLabelValues(label(e.Cache)).Observe(e.Duration.Seconds())
	case fragment.EventFault:
		t.faults.WithLabelValues(label(e.Cache), label(e.Reason)).Inc()
	case fragment.EventBreaker:
		t.opens.note(e, t.breaker.WithLabelValues(label(e.Cache)))
	}
}

func outcome(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// openings are the shards, by cache, whose breakers are open.
type openings struct {
	mu sync.Mutex
	of map[string]map[int]bool // guarded by mu
}

// note notes what became of a breaker, and sets the gauge of its cache.
func (o *openings) note(e *fragment.Event, gauge prometheus.Gauge) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Reason != "open" {
		delete(o.of[e.Cache], e.Shard)
		if len(o.of[e.Cache]) == 0 {
			gauge.Set(0)
		}
		return
	}
	if o.of == nil {
		o.of = make(map[string]map[int]bool)
	}
	if o.of[e.Cache] == nil {
		o.of[e.Cache] = make(map[int]bool)
	}
	o.of[e.Cache][e.Shard] = true
	gauge.Set(1)
}
