// Package metrics shows the caches of a Registry to Prometheus.
//
//	var caches fragment.Registry
//	m := metrics.New(&caches, metrics.Options{})
//	prometheus.MustRegister(m)
//	caches.Observe = m.Observe // before the first cache is opened
//
// What is counted anyway is read from [fragment.Cache.Stats] when Prometheus
// collects, so that a hit pays nothing for it. Only what Stats does not hold comes
// from events: without Observe that part is missing, and the rest is there. With
// it a hit pays for the Event that is made for an observer, and no more.
//
// # Metrics
//
// Read from Stats, by cache and name, the name being that of the key:
//
//	pongocache_hits_total             fresh values served
//	pongocache_misses_total           lookups that found nothing usable
//	pongocache_stale_total            stale values served
//	pongocache_fills_total            fills that were run
//	pongocache_fill_seconds_total     time spent in fills
//	pongocache_saved_seconds_total    time that hits and stale values saved
//	pongocache_stored_bytes_total     bytes of the values stored
//
// Read from Stats, by cache:
//
//	pongocache_waits_total            callers that got the value of another's fill
//	pongocache_stores_total           entries written
//	pongocache_skips_total            values served but not stored
//	pongocache_faults_total           failures of the backend, corrupt and foreign entries
//	pongocache_entries                entries held
//	pongocache_used_bytes             bytes held
//	pongocache_capacity_bytes         bytes that may be held
//
// From events:
//
//	pongocache_fill_duration_seconds  histogram by cache and outcome, "ok" or "error"
//	pongocache_wait_duration_seconds  histogram by cache: the waits for the fill of another
//	pongocache_fault_events_total     faults by cache and reason, such as "get"
//	pongocache_breaker_open           by cache: 1 while a circuit breaker is open, else 0
//
// What a cache saves, in seconds a second, and the share of hits among hits and
// fills, for each key name:
//
//	rate(pongocache_saved_seconds_total[5m])
//	rate(pongocache_hits_total[5m]) / (rate(pongocache_hits_total[5m]) + rate(pongocache_fills_total[5m]))
//
// # Limits
//
// A cache counts [fragment.MaxNames] key names each for itself and the others
// together under [fragment.OtherNames], so what is by name has some 7000 series a
// cache at most. With Options.PerCache it has seven.
//
// A Backend that cannot tell its usage has no gauges, nor has a cache that is
// closed. The breaker has one from its first event on.
//
// A cache that has several names in the Registry is shown under each of them; its
// events are those of the first. What is not UTF-8 in a label is quoted.
//
// A scrape asks no server for anything, and so neither waits nor fails while one is
// down; what it shows of faults and of the breaker is how that is seen.
//
// Two Registries in one program are two Collectors with the same metrics. Tell
// them apart by prometheus.WrapRegistererWith.
package metrics
