package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
)

// A count is a counter that S holds already: it is read when it is collected.
type count[S any] struct {
	desc *prometheus.Desc
	of   func(*S) float64
}

func newCount[S any](name, help string, labels []string, of func(*S) float64) count[S] {
	return count[S]{describe(name, help, labels), of}
}

func (c count[S]) collect(out chan<- prometheus.Metric, from *S, labels ...string) {
	out <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, c.of(from), labels...)
}

func describe(name, help string, labels []string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

const prefix = "pongocache_"

func countsByName(labels []string) []count[fragment.NameStats] {
	type stats = fragment.NameStats
	return []count[stats]{
		newCount("hits_total", "Fresh values served.", labels,
			func(s *stats) float64 { return float64(s.Hits) }),
		newCount("misses_total", "Lookups that found nothing usable.", labels,
			func(s *stats) float64 { return float64(s.Misses) }),
		newCount("stale_total", "Stale values served.", labels,
			func(s *stats) float64 { return float64(s.Stale) }),
		newCount("fills_total", "Fills that were run.", labels,
			func(s *stats) float64 { return float64(s.Fills) }),
		newCount("fill_seconds_total", "Time spent in fills.", labels,
			func(s *stats) float64 { return s.FillTime.Seconds() }),
		newCount("saved_seconds_total", "Time that hits and stale values did not spend in fills.", labels,
			func(s *stats) float64 { return s.Saved.Seconds() }),
		newCount("stored_bytes_total", "Bytes of the values stored by fills and writes.", labels,
			func(s *stats) float64 { return float64(s.Bytes) }),
	}
}

func countsByCache(labels []string) []count[fragment.Stats] {
	type stats = fragment.Stats
	return []count[stats]{
		newCount("waits_total", "Callers that got the value of another's fill.", labels,
			func(s *stats) float64 { return float64(s.Waits) }),
		newCount("stores_total", "Entries written.", labels,
			func(s *stats) float64 { return float64(s.Stores) }),
		newCount("skips_total", "Values served but not stored.", labels,
			func(s *stats) float64 { return float64(s.Skips) }),
		newCount("faults_total", "Failures of the backend, and entries that were corrupt or foreign.", labels,
			func(s *stats) float64 { return float64(s.Faults) }),
	}
}

// sum adds up the counts of all names.
func sum(names map[string]fragment.NameStats) (all fragment.NameStats) {
	for _, n := range names {
		all.Hits += n.Hits
		all.Misses += n.Misses
		all.Stale += n.Stale
		all.Fills += n.Fills
		all.FillTime += n.FillTime
		all.Saved += n.Saved
		all.Bytes += n.Bytes
	}
	return all
}

// usage is how full the Backend of a cache is.
type usage struct{ entries, used, capacity *prometheus.Desc }

func newUsage(labels []string) usage {
	return usage{
		entries:  describe("entries", "Entries held.", labels),
		used:     describe("used_bytes", "Bytes held.", labels),
		capacity: describe("capacity_bytes", "Bytes that may be held.", labels),
	}
}

func (u usage) describe(out chan<- *prometheus.Desc) {
	out <- u.entries
	out <- u.used
	out <- u.capacity
}

// collect leaves out what the Backend does not know: all of it, or its bound.
func (u usage) collect(out chan<- prometheus.Metric, now fragment.Usage, cache string) {
	if now == (fragment.Usage{}) {
		return
	}
	gauge := func(desc *prometheus.Desc, value int64) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), cache)
	}
	gauge(u.entries, now.Entries)
	gauge(u.used, now.Bytes)
	if now.Capacity > 0 {
		gauge(u.capacity, now.Capacity)
	}
}
