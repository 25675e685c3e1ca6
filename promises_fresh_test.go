package pongocache_test

import (
	"fmt"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

const year = 365 * 24 * time.Hour

var freshness = chapter{"Freshness", []promise{
	{says: "a value is fresh for its TTL, to the nanosecond", story: freshToTheNanosecond,
		policy: fragment.Policy{TTL: 7*time.Millisecond + 3}},
	{says: "without a TTL it is that of the cache, else five minutes", story: freshByDefault},
	{says: "one that is to live forever does", story: freshForever,
		policy: fragment.Policy{TTL: fragment.Forever}},
	{says: "Until is when it ends at the latest", story: freshUntil,
		except: map[string]string{onTag: noOption}},
	{says: "Jitter spreads expiry, and prolongs nothing", story: jitterSpreads,
		policy: fragment.Policy{TTL: 100 * time.Second, Jitter: 0.5}},
	{says: "Early refills before expiry, the likelier the nearer", story: earlyRefills,
		policy: fragment.Policy{TTL: 100 * time.Second, Early: 1}},
	{says: "of all who come early one refills, and the others get the value", story: oneIsEarly,
		policy: fragment.Policy{TTL: time.Minute, Early: 1e12}},
	{says: "an early refill that fails costs nobody the value", story: earlyFails,
		policy: fragment.Policy{TTL: time.Minute, Early: 1e12}},
	{says: "a refresh fills anew, and others get the value meanwhile", story: refreshes,
		except: map[string]string{onTag: noOption}},
	{says: "it gets nothing that was begun before it, nor is undone by that", story: refreshIsNewest,
		except: map[string]string{onTag: noOption}},
	{says: "a negative TTL neither looks up nor stores", story: negativeTTL},
}}

func freshToTheNanosecond(w *world) {
	w.want("x", give("old"), "old")
	time.Sleep(w.policy.TTL - 1)
	w.want("x", w.never, "old")
	time.Sleep(time.Nanosecond)
	w.want("x", give("new"), "new")
}

func freshByDefault(w *world) {
	w.want("x", give("old"), "old")
	time.Sleep(fragment.DefaultTTL - 1)
	w.want("x", w.never, "old")
	time.Sleep(time.Nanosecond)
	w.want("x", give("new"), "new")
}

func freshForever(w *world) {
	w.want("x", give("old"), "old")
	time.Sleep(200 * year)
	w.want("x", w.never, "old")
}

func freshUntil(w *world) {
	until := w.by(fragment.Policy{Until: time.Now().Add(time.Hour)})
	until.want("x", give("old"), "old")
	time.Sleep(time.Hour - 1)
	until.want("x", w.never, "old")
	time.Sleep(time.Nanosecond)
	until.want("x", give("ended"), "ended")
	until.want("x", give("and is not stored"), "and is not stored")
}

func jitterSpreads(w *world) {
	const n = 200
	for i := range n {
		w.want(fmt.Sprint(i), give("v"), "v")
	}
	wantExpired := func(least, most int) {
		w.Helper()
		expired := 0
		for i := range n {
			if _, err := w.ask(w.Context(), fmt.Sprint(i), fails); err != nil {
				expired++
			}
		}
		if expired < least || expired > most {
			w.Errorf("%d of %d have expired, want %d to %d", expired, n, least, most)
		}
	}
	time.Sleep(50*time.Second - 1)
	wantExpired(0, 0)
	time.Sleep(25 * time.Second) // half of them, give or take six deviations
	wantExpired(58, 142)
	time.Sleep(25*time.Second + 1)
	wantExpired(n, n)
}

// The chance of a refill is exp(-left/cost), so 37 % as long before expiry as the
// fill took.
func earlyRefills(w *world) {
	refills := func(left time.Duration) (n int64) {
		var runs atomic.Int64
		for i := range 200 {
			x := fmt.Sprint(left, i)
			w.want(x, takes(time.Second, "v"), "v")
			time.Sleep(w.policy.TTL - left)
			_, err := w.ask(w.Context(), x, counted(&runs, give("w")))
			w.must(err)
			synctest.Wait()
		}
		return runs.Load()
	}
	if near, far := refills(time.Second), refills(20*time.Second); near < 33 || near > 115 || far > 1 {
		w.Errorf("of 200 each %d were refilled a second before they expired, and %d twenty seconds", near, far)
	}
	w.seen.Stale(thing).Never(w)
}

func oneIsEarly(w *world) {
	w.want("x", takes(time.Second, "v"), "v")
	time.Sleep(time.Second)
	end := beside(func() { w.want("x", takes(time.Second, "new"), "new") })
	w.lasts(0, func() { together(10, func(int) { w.want("x", w.never, "v") }) })
	end()
	w.fills("x", fails, "new")
	w.seen.Stale(thing).Never(w)
}

func earlyFails(w *world) {
	w.want("x", takes(time.Second, "v"), "v")
	w.want("x", fails, "v")
	synctest.Wait()
	w.want("x", w.never, "v") // and is not tried again at once
	w.seen.Stale(thing).Never(w)
}

func refreshes(w *world) {
	refresh := w.by(fragment.Policy{Refresh: true})
	w.want("x", give("old"), "old")
	refresh.want("x", fails, "old")
	end := beside(func() { refresh.want("x", takes(time.Second, "new"), "new") })
	w.want("x", w.never, "old")
	end()
	w.want("x", w.never, "new")
}

func refreshIsNewest(w *world) {
	refresh := w.by(fragment.Policy{Refresh: true})
	end := beside(func() { w.want("x", takes(time.Second, "old"), "old") })
	w.lasts(0, func() { refresh.want("x", give("new"), "new") })
	w.want("x", w.never, "new")
	end()
	w.want("x", w.never, "new")
}

func negativeTTL(w *world) {
	off := w.by(fragment.Policy{TTL: -1})
	w.want("x", give("stored"), "stored")
	w.seen.Reset()
	for _, own := range []string{"a", "b"} {
		off.want("x", give(own), own)
	}
	w.seen.Nothing(w)
	w.want("x", w.never, "stored")
}
