package faulttest_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Who asks, how many at a time, and how long each pauses, on average, before the
// next question. Writers pause likewise.
const (
	crowd       = 50
	visitPause  = 100 * time.Millisecond
	changePause = 25 * time.Millisecond
)

// A visit is one page that was asked for.
type visit struct {
	site  int
	plain bool // it has nothing to do with a cache, and tells how busy the machine is
	began time.Time
	took  time.Duration
	hit   bool
}

// visitors ask for pages, and writers change rows, until they are stopped.
type visitors struct {
	t      *testing.T
	rows   *ledger
	sites  []*site
	client *http.Client
	stop   chan struct{}
	all    sync.WaitGroup

	mu       sync.Mutex
	visits   []visit // guarded by mu, as what follows
	told     int     // invalidations that returned nil
	untold   int     // and those that did not
	failures int
}

func newVisitors(t *testing.T, rows *ledger, list []*site) *visitors {
	v := &visitors{t: t, rows: rows, sites: list, stop: make(chan struct{})}
	v.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}, Timeout: 20 * time.Second}
	for range crowd {
		v.all.Go(func() { v.repeat(visitPause, v.visit) })
	}
	for i := range list {
		v.all.Go(func() { v.repeat(changePause, func() { v.change(i) }) })
	}
	return v
}

// end ends all visits.
func (v *visitors) end() {
	close(v.stop)
	v.all.Wait()
	v.client.CloseIdleConnections()
}

// repeat calls f again and again, with pauses of twice that at most.
func (v *visitors) repeat(pause time.Duration, f func()) {
	for {
		select {
		case <-v.stop:
			return
		case <-time.After(rand.N(2 * pause)):
			f()
		}
	}
}

func (v *visitors) change(from int) {
	err := v.rows.change(from, v.sites[from].invalidate)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		v.told++
		return
	}
	v.untold++
}

// visit asks one site for one page.
func (v *visitors) visit() {
	no, from := rand.IntN(len(v.rows.rows)), rand.IntN(len(v.sites))
	floor := v.rows.rows[no].floors[from].Load()
	one := visit{site: from, plain: rand.IntN(4) == 0, began: time.Now()}
	kind := "cached"
	if one.plain {
		kind = "plain"
	}
	text, hit, err := v.ask(from, kind, no)
	one.took, one.hit = time.Since(one.began), hit
	if err == nil {
		err = check(text, no, floor)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.visits = append(v.visits, one)
	if err == nil {
		return
	}
	if v.failures++; v.failures <= 5 {
		v.t.Errorf("site %d: %v", from, err)
	}
}

func (v *visitors) ask(from int, kind string, no int) (text string, hit bool, err error) {
	resp, err := v.client.Get(fmt.Sprintf("%s/%s/%d", v.sites[from].url, kind, no))
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("got the status %s: %.200s", resp.Status, body)
	}
	return string(body), strings.Contains(resp.Header.Get("Cache-Status"), "; hit"), err
}

// between returns the visits that began at from or later, and before to: those of
// pages that are cached, and the plain ones.
func (v *visitors) between(from, to time.Time) (cached, plain []visit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.visits {
		switch {
		case one.began.Before(from) || !one.began.Before(to):
		case one.plain:
			plain = append(plain, one)
		default:
			cached = append(cached, one)
		}
	}
	return cached, plain
}

// quantile is the time within which the fraction q of visits ended.
func quantile(visits []visit, q float64) time.Duration {
	if len(visits) == 0 {
		return 0
	}
	took := make([]time.Duration, len(visits))
	for i, one := range visits {
		took[i] = one.took
	}
	slices.Sort(took)
	return took[min(int(q*float64(len(took))), len(took)-1)]
}
