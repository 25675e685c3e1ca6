package metrics

import (
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
)

// Options are what a Collector may be told. The zero value is useful.
type Options struct {
	// PerCache leaves the label name out: what is counted by key name is then
	// the sum of all names of a cache.
	PerCache bool
}

// A Collector shows the caches of a Registry to Prometheus: it is a
// prometheus.Collector. Its metrics are listed in the documentation of the
// package. It is safe for concurrent use.
type Collector struct {
	caches   *fragment.Registry
	perCache bool
	byName   []count[fragment.NameStats]
	byCache  []count[fragment.Stats]
	usage    usage
	told     told
}

// New returns a Collector of the caches that caches holds whenever Prometheus
// collects. A nil caches is a Registry without any: what comes by events is shown
// all the same.
func New(caches *fragment.Registry, o Options) *Collector {
	if caches == nil {
		caches = new(fragment.Registry)
	}
	labels := []string{"cache", "name"}
	if o.PerCache {
		labels = labels[:1]
	}
	return &Collector{
		caches: caches, perCache: o.PerCache,
		byName: countsByName(labels), byCache: countsByCache(labels[:1]),
		usage: newUsage(labels[:1]), told: newTold(),
	}
}

// Observe is the observer, for Registry.Observe or Options.Observe, from which
// the Collector has what Stats does not tell. For hits and misses it does
// nothing. It may be one of several: see fragment.ObserveAll.
func (c *Collector) Observe(_ context.Context, e fragment.Event) { c.told.observe(&e) }

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, one := range c.byName {
		out <- one.desc
	}
	for _, one := range c.byCache {
		out <- one.desc
	}
	c.usage.describe(out)
	for _, one := range c.told.all() {
		one.Describe(out)
	}
}

// Collect implements prometheus.Collector. It asks each cache for its Stats once.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, name := range c.caches.Names() {
		if cache, ok := c.caches.Lookup(name); ok {
			c.collect(out, label(name), cache.Stats())
		}
	}
	for _, one := range c.told.all() {
		one.Collect(out)
	}
}

func (c *Collector) collect(out chan<- prometheus.Metric, cache string, s fragment.Stats) {
	for _, one := range c.byCache {
		one.collect(out, &s, cache)
	}
	c.usage.collect(out, s.Usage, cache)
	if c.perCache {
		all := sum(s.Names)
		for _, one := range c.byName {
			one.collect(out, &all, cache)
		}
		return
	}
	for name, n := range s.Names {
		for _, one := range c.byName {
			one.collect(out, &n, cache, label(name))
		}
	}
}

// label is text as a label may hold it. A name of any bytes breaks neither the
// page that it is of nor the collection.
func label(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strconv.QuoteToASCII(text)
}
