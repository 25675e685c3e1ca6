package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
)

// told is what comes by events.
type told struct {
	fills, waits *prometheus.HistogramVec
	faults       *prometheus.CounterVec
	breaker      *prometheus.GaugeVec
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
			Name: prefix + "breaker_open", Help: "1 while the circuit breaker of the backend is open, else 0.",
		}, []string{"cache"}),
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
		t.breaker.WithLabelValues(label(e.Cache)).Set(openness(e.Reason))
	}
}

func outcome(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

func openness(reason string) float64 {
	if reason == "open" {
		return 1
	}
	return 0
}
