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
	waits      bool     // what it damages is filled again, and pages wait for the fills of each other's parts
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
	time.Sleep(200 * time.Millisecond) // of fair weather
	for _, s := range w.sites {
		s.seen.reset()
	}
	began := time.Now()
	f.begin(w)
	if f.opens {
		w.await("both breakers open", 5*time.Second, w.isOpen)
	}
	w.await("both sites tell of it", 10*time.Second, func() bool {
		return w.sites[0].seen.has(f.tells...) && w.sites[1].seen.has(f.tells...)
	})
	time.Sleep(f.lasts)
	ended := time.Now()
	f.end(w)
	took := w.recovers()
	time.Sleep(500 * time.Millisecond) // in which what must not come back would
	w.visitors.end()
	w.await("both sites show the last version of each row", 5*time.Second, w.allCurrent)
	w.judge(f, start, began, ended)
	t.Logf("of use again after %v; %d invalidations told, %d not", took, w.visitors.told, w.visitors.untold)
}

// recovers requires that both sites are of use soon, and returns when they are.
func (w *world) recovers() time.Duration {
	w.Helper()
	back := time.Now()
	took := w.await("both sites serve from their caches again", 10*time.Second, func() bool { return w.hitsSince(back) })
	_, plain := w.visitors.between(back, time.Now())
	stalled := quantile(plain, 1)
	most := recovery + slack + 4*stalled
	if stalled > readBudget/2 {
		most += 2 * recovery // reads were too slow for it, and it was left alone once more
		w.Logf("the machine stalled for %v meanwhile", stalled)
	}
	if took > most {
		w.Errorf("both sites are of use %v after the end of the fault: want %v", took, most)
	}
	return took
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

// judge tests how long pages took, beside those that need no cache, and what was told.
func (w *world) judge(f fault, start, began, ended time.Time) {
	w.Helper()
	// Some are under way as it begins.
	foul, plain := w.visitors.between(began.Add(-readBudget), ended)
	all, always := w.visitors.between(start, time.Now())
	alone := w.alone(ended)
	w.log("no cache at all", plain)
	w.log("in the fault", foul)
	w.log("with the breaker open", alone)
	busy := 2*quantile(plain, 1) + slack
	most := busy + readBudget
	if f.waits {
		most += 2 * readBudget
	}
	if got := quantile(foul, 0.99); got > most {
		w.Errorf("in the fault 1 of 100 pages took %v or longer: want at most %v, as those without a cache and the budget", got, most)
	}
	if got := quantile(alone, 0.99); f.opens && (len(alone) < 30 || got > busy) {
		w.Errorf("with the breaker open 1 of 100 pages of %d took %v or longer: want at most %v, as without a cache", len(alone), got, busy)
	}
	if got, most := quantile(all, 1), patience+quantile(always, 1); got > most {
		w.Errorf("a page took %v: want that none waits for longer than %v, for a lease among others", got, most)
	}
	for _, s := range w.sites {
		s.seen.told(w.T, f.tells...)
	}
}

// alone returns the visits of pages whose site had found out that the server is down.
func (w *world) alone(ended time.Time) (some []visit) {
	for i, s := range w.sites {
		_, opened := s.seen.state()
		if opened.IsZero() {
			continue
		}
		visits, _ := w.visitors.between(opened, ended)
		for _, one := range visits {
			if one.site == i {
				some = append(some, one)
			}
		}
	}
	return some
}

func (w *world) log(when string, visits []visit) {
	w.Helper()
	w.Logf("%-22s %5d pages: half of them took %v, 99 of 100 %v, all %v", when, len(visits),
		quantile(visits, 0.5).Round(time.Microsecond), quantile(visits, 0.99).Round(time.Microsecond), quantile(visits, 1).Round(time.Microsecond))
}
