package faulttest_test

import (
	"testing"
	"time"
)

// A fault is what befalls a server.
type fault struct {
	name       string
	begin, end func(*world)
	lasts      time.Duration
	opens      bool     // it must open the breakers
	tells      []string // one of which must be in the text of an event
}

// recovery is within what the caches are of use once the server is back.
const recovery = 2 * time.Second

// patience is what no page takes at all, also while the caches become of use again.
const patience = 2 * time.Second

// test tells the story of a fault.
func (f fault) test(t *testing.T, on layout) {
	w := newWorld(t, on)
	start := time.Now()
	w.await("both sites serve from their caches", 10*time.Second, func() bool { return w.hitsSince(start) })
	time.Sleep(300 * time.Millisecond) // of fair weather
	for _, s := range w.sites {
		s.seen.reset()
	}
	began := time.Now()
	f.begin(w)
	if f.opens {
		w.await("both breakers open", 3*time.Second, w.isOpen)
	}
	time.Sleep(f.lasts)
	ended := time.Now()
	f.end(w)
	back := time.Now()
	took := w.await("both sites serve from their caches again", 8*time.Second, func() bool { return w.hitsSince(back) })
	if took > recovery+slack {
		t.Errorf("both sites are of use %v after the end of the fault: want %v", took, recovery)
	}
	w.visitors.end()
	w.await("both sites show the last version of each row", 5*time.Second, w.allCurrent)
	w.judge(f, start, began, ended)
	t.Logf("of use again after %v; %d invalidations told, %d not", took, w.visitors.told, w.visitors.untold)
}

// isOpen reports whether the breakers of all sites are, or were, open.
func (w *world) isOpen() bool {
	for _, s := range w.sites {
		if _, opened := s.seen.state(); opened.IsZero() {
			return false
		}
	}
	return true
}

// judge tests how long pages took, and what was told.
func (w *world) judge(f fault, start, began, ended time.Time) {
	w.Helper()
	begin := began.Add(-readBudget) // some are under way as it begins
	fair, foul := w.visitors.between(start, begin), w.visitors.between(begin, ended)
	var alone []visit // once the breaker is open
	for i, s := range w.sites {
		s.seen.told(w.T, f.tells...)
		_, opened := s.seen.state()
		if opened.IsZero() {
			continue
		}
		for _, one := range w.visitors.between(opened, ended) {
			if one.site == i {
				alone = append(alone, one)
			}
		}
	}
	w.log("in fair weather", fair)
	w.log("in the fault", foul)
	w.log("with the breaker open", alone)
	most := quantile(fair, 0.99) + readBudget + slack
	if got := quantile(foul, 0.99); got > most {
		w.Errorf("in the fault 1 of 100 pages took %v or longer: want at most %v, which is %v more than before and %v for the machine", got, most, readBudget, slack)
	}
	if got := quantile(w.visitors.between(start, time.Now()), 1); got > patience {
		w.Errorf("a page took %v: want that none waits, for a lease among others, as it would for %v", got, patience)
	}
	if got := quantile(alone, 0.99); f.opens && (len(alone) < 50 || got >= max(readBudget, quantile(fair, 0.99))) {
		w.Errorf("with the breaker open 1 of 100 pages of %d took %v or longer: want that none waits for the server", len(alone), got)
	}
}

func (w *world) log(when string, visits []visit) {
	w.Helper()
	w.Logf("%-22s %5d pages: half of them took %v, 99 of 100 %v, all %v", when, len(visits),
		quantile(visits, 0.5).Round(time.Microsecond), quantile(visits, 0.99).Round(time.Microsecond), quantile(visits, 1).Round(time.Microsecond))
}
