package fragment

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats are the counts of a Cache since it was opened.
type Stats struct {
	Hits   uint64 // fresh values served
	Near   uint64 // of those, the ones from Options.Near
	Misses uint64 // lookups that found nothing usable
	Stale  uint64 // stale values served
	Fills  uint64 // fills that were run
	Waits  uint64 // callers that got the value of another's fill
	Stores uint64 // entries written
	Skips  uint64 // values served but not stored
	Faults uint64 // failures of the Backend and entries that were corrupt or foreign

	// Names holds the counts of each key name. Beyond MaxNames names the rest
	// are counted under OtherNames.
	Names map[string]NameStats
	// Usage is that of the Backend, if it can tell.
	Usage Usage
}

// NameStats are the counts of one key name.
type NameStats struct {
	Hits, Near, Misses, Stale, Fills uint64
	FillTime                         time.Duration // spent in fills
	Saved                            time.Duration // that hits and stale values did not spend: what their fills had taken
	Bytes                            uint64        // of the values stored by fills and writes
}

const (
	// MaxNames is how many key names are counted each for itself.
	MaxNames = 1000
	// OtherNames is the name under which further key names are counted.
	OtherNames = "…"
)

type counters struct {
	waits, stores, skips, faults atomic.Uint64
	names                        sync.Map // string → *nameCounters
	many                         atomic.Int64
}

// nameCounters are written on each hit by every goroutine that reads entries of
// the name. They are a cache line of their own.
type nameCounters struct {
	hits, near, misses, stale, fills atomic.Uint64
	fillTime, saved                  atomic.Int64
	bytes                            atomic.Uint64
	_                                [64]byte
}

func (c *counters) of(name string) *nameCounters {
	if n, ok := c.names.Load(name); ok {
		return n.(*nameCounters)
	}
	if c.many.Load() >= MaxNames {
		if n, ok := c.names.Load(OtherNames); ok {
			return n.(*nameCounters)
		}
		name = OtherNames
	}
	n, known := c.names.LoadOrStore(name, new(nameCounters))
	if !known {
		c.many.Add(1)
	}
	return n.(*nameCounters)
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Waits: c.waits.Load(), Stores: c.stores.Load(), Skips: c.skips.Load(), Faults: c.faults.Load(),
		Names: make(map[string]NameStats),
	}
	c.names.Range(func(name, counts any) bool {
		n := counts.(*nameCounters)
		one := NameStats{
			Hits: n.hits.Load(), Near: n.near.Load(), Misses: n.misses.Load(), Stale: n.stale.Load(), Fills: n.fills.Load(),
			FillTime: time.Duration(n.fillTime.Load()), Saved: time.Duration(n.saved.Load()), Bytes: n.bytes.Load(),
		}
		s.Names[name.(string)] = one
		s.Hits += one.Hits
		s.Near += one.Near
		s.Misses += one.Misses
		s.Stale += one.Stale
		s.Fills += one.Fills
		return true
	})
	return s
}
