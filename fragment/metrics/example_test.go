package metrics_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pongocache/pongocache/fragment"
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"
	"github.com/pongocache/pongocache/fragment/metrics"
)

// A program shows its caches among its other metrics, and logs what fails.
func Example() {
	var caches fragment.Registry
	m := metrics.New(&caches, metrics.Options{})
	caches.Observe = fragment.ObserveAll(m.Observe, fragment.LogTo(slog.Default()))
	shown := prometheus.NewRegistry() // most programs call prometheus.MustRegister(m)
	shown.MustRegister(m)

	cache, err := caches.Open(context.Background(), "pages", "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()
	for range 3 {
		cache.Do(context.Background(), fragment.KeyOf("home"), fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte("welcome"), nil
		})
	}
	printCounters(shown, "pongocache_fills_total", "pongocache_hits_total")

	// Output:
	// pongocache_fills_total cache="pages" name="home" 1
	// pongocache_hits_total cache="pages" name="home" 2
}

// A program with very many key names shows the sums of each cache.
func ExampleOptions() {
	var caches fragment.Registry
	m := metrics.New(&caches, metrics.Options{PerCache: true})
	shown := prometheus.NewRegistry()
	shown.MustRegister(m)

	cache, err := caches.Open(context.Background(), "pages", "bigcache://?size=8MiB", fragment.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()
	for _, name := range []string{"home", "menu", "home"} {
		cache.Do(context.Background(), fragment.KeyOf(name), fragment.Policy{}, func(context.Context) ([]byte, error) {
			return []byte("welcome"), nil
		})
	}
	printCounters(shown, "pongocache_fills_total", "pongocache_hits_total")

	// Output:
	// pongocache_fills_total cache="pages" 2
	// pongocache_hits_total cache="pages" 1
}

// printCounters prints what promhttp.Handler would show of some counters.
func printCounters(from prometheus.Gatherer, names ...string) {
	families, err := from.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if !slices.Contains(names, family.GetName()) {
			continue
		}
		for _, m := range family.GetMetric() {
			fmt.Print(family.GetName())
			for _, label := range m.GetLabel() {
				fmt.Printf(" %s=%q", label.GetName(), label.GetValue())
			}
			fmt.Println("", m.GetCounter().GetValue())
		}
	}
}

// A cache that is in no Registry is shown by its events alone.
func ExampleCollector_Observe() {
	m := metrics.New(nil, metrics.Options{})
	cache, err := fragment.New(fragment.Null(), fragment.Options{Observe: m.Observe})
	if err != nil {
		log.Fatal(err)
	}
	cache.Do(context.Background(), fragment.KeyOf("home"), fragment.Policy{}, func(context.Context) ([]byte, error) {
		return nil, nil
	})
	shown := prometheus.NewRegistry()
	shown.MustRegister(m)
	families, err := shown.Gather()
	for _, family := range families {
		fmt.Println(family.GetName(), err)
	}

	// Output: pongocache_fill_duration_seconds <nil>
}
