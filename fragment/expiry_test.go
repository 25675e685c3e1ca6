package fragment_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

const (
	century = 100 * 365 * 24 * time.Hour
	almost  = time.Nanosecond // this long before a deadline
)

// An entry's life in steps: each sleeps, and then asks what is there.
func TestEntryLivesByItsPolicy(t *testing.T) {
	type step struct {
		sleep time.Duration
		want  string // "-" is a miss
	}
	ms, huge := time.Millisecond, fragment.Forever-1
	stories := []struct {
		name     string
		defaults fragment.Policy
		policy   fragment.Policy
		life     []step
	}{
		{"a millisecond", fragment.Policy{}, fragment.Policy{TTL: ms}, []step{{0, "v"}, {ms - almost, "v"}, {almost, "-"}}},
		{"five minutes by default", fragment.Policy{}, fragment.Policy{}, []step{{5*time.Minute - almost, "v"}, {almost, "-"}}},
		{"the default of the cache", fragment.Policy{TTL: ms}, fragment.Policy{}, []step{{ms - almost, "v"}, {almost, "-"}}},
		{"its own before the default", fragment.Policy{TTL: ms}, fragment.Policy{TTL: 2 * ms}, []step{{2*ms - almost, "v"}, {almost, "-"}}},
		{"a nanosecond", fragment.Policy{}, fragment.Policy{TTL: 1}, []step{{0, "v"}, {1, "-"}}},
		{"for ever", fragment.Policy{}, fragment.Policy{TTL: fragment.Forever}, []step{{century, "v"}}},
		{"for ever, with stale and jitter", fragment.Policy{}, fragment.Policy{TTL: fragment.Forever, Stale: time.Hour, Jitter: 1}, []step{{century, "v"}}},
		{"beyond the end of time", fragment.Policy{}, fragment.Policy{TTL: huge}, []step{{century, "v"}}},
		{"stale beyond the end of time", fragment.Policy{}, fragment.Policy{TTL: ms, Stale: huge}, []step{{ms - almost, "v"}, {almost, "-"}}},
		{"both beyond the end of time", fragment.Policy{}, fragment.Policy{TTL: huge, Stale: huge}, []step{{century, "v"}}},
		{"by default for ever", fragment.Policy{TTL: fragment.Forever}, fragment.Policy{}, []step{{century, "v"}}},
		{"never", fragment.Policy{}, fragment.Policy{TTL: -1}, []step{{0, "-"}}},
		{"by default never", fragment.Policy{TTL: -1}, fragment.Policy{}, []step{{0, "-"}}},
		{"never by default, and yet", fragment.Policy{TTL: -1}, fragment.Policy{TTL: ms}, []step{{0, "v"}, {ms, "-"}}},
	}
	for _, story := range stories {
		synctest.Test(t, func(t *testing.T) {
			c, k := fresh(t, fragment.Options{Policy: story.defaults}), fragment.KeyOf(story.name)
			wantDo(t, c, k, story.policy, give("v"), "v")
			for _, s := range story.life {
				time.Sleep(s.sleep)
				wantGet(t, c, k, s.want)
			}
		})
	}
}

// A Backend is told how long an entry may be of use: TTL and Stale together.
func TestBackendIsToldTheTTL(t *testing.T) {
	for _, row := range []struct {
		policy fragment.Policy
		want   time.Duration
	}{
		{fragment.Policy{TTL: time.Second}, time.Second},
		{fragment.Policy{TTL: time.Second, Stale: time.Minute}, time.Minute + time.Second},
		{fragment.Policy{TTL: time.Second, Stale: -1}, time.Second},
		{fragment.Policy{TTL: fragment.Forever}, fragment.Forever},
		{fragment.Policy{TTL: time.Second, Stale: fragment.Forever}, fragment.Forever},
		{fragment.Policy{TTL: math.MaxInt64 - 1}, fragment.Forever},
		{fragment.Policy{TTL: 1}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, k := newMemory(), fragment.KeyOf("k")
			c := open(t, m, fragment.Options{})
			wantDo(t, c, k, row.policy, give("v"), "v")
			if got := m.ttl("k"); got != row.want {
				t.Errorf("%+v by Do: the backend is told %v, want %v", row.policy, got, row.want)
			}
			must(t, c.Set(t.Context(), k, nil, row.policy))
			if got := m.ttl("k"); got != row.want {
				t.Errorf("%+v by Set: the backend is told %v, want %v", row.policy, got, row.want)
			}
		})
	}
}

func TestTTLTellsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
		want := func(left time.Duration, ok bool) {
			t.Helper()
			if gotLeft, gotOK, err := c.TTL(ctx, k); gotLeft != left || gotOK != ok || err != nil {
				t.Errorf("TTL = %v, %t, %v, want %v, %t", gotLeft, gotOK, err, left, ok)
			}
			if has, err := c.Has(ctx, k); has != ok || err != nil {
				t.Errorf("Has = %t, %v, want %t", has, err, ok)
			}
		}
		want(0, false)
		must(t, c.Set(ctx, k, nil, fragment.Policy{TTL: time.Second, Stale: time.Minute}))
		want(time.Second, true)
		time.Sleep(time.Second - 1)
		want(1, true)
		time.Sleep(time.Nanosecond)
		want(0, false)
		must(t, c.Set(ctx, k, nil, fragment.Policy{TTL: fragment.Forever}))
		want(fragment.Forever, true)
	})
}

func TestJitterShortensByAFraction(t *testing.T) {
	const ttl = 1000 * time.Second
	nan := math.NaN()
	for _, row := range []struct {
		name           string
		defaults, call float64
		least          time.Duration
	}{
		{"half", 0, 0.5, ttl / 2}, {"by default", 0.5, 0, ttl / 2}, {"all", 0, 1, 0}, {"more than all", 0, 7, 0},
		{"off", 0.5, -1, ttl}, {"none", 0, 0, ttl}, {"not a number", 0, nan, ttl},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := fresh(t, fragment.Options{Policy: fragment.Policy{Jitter: row.defaults}})
			shortest, longest := fragment.Forever, time.Duration(0)
			for i := range 500 {
				k := fragment.KeyOf(row.name, i)
				wantDo(t, c, k, fragment.Policy{TTL: ttl, Jitter: row.call}, give(""), "")
				left, _, err := c.TTL(t.Context(), k)
				must(t, err)
				shortest, longest = min(shortest, left), max(longest, left)
			}
			spread := ttl - row.least
			if longest > ttl || longest < ttl-spread/10 || shortest < row.least || shortest > row.least+spread/10 {
				t.Errorf("%s: lives of %v to %v, want %v to %v", row.name, shortest, longest, row.least, ttl)
			}
		})
	}
}

func TestUselessDefaultsAreRefused(t *testing.T) {
	for _, p := range []fragment.Policy{{Jitter: 1.5}, {Jitter: math.NaN()}, {Tags: []string{""}}, {Tags: []string{"a b"}}} {
		if _, err := fragment.New(fragment.Null(), fragment.Options{Policy: p}); err == nil {
			t.Errorf("New takes the policy %+v", p)
		}
	}
}

// Neither the lookup nor the write of a negative TTL reaches what is stored.
func TestNegativeTTLPassesByTheCache(t *testing.T) {
	ctx, c, k := t.Context(), fresh(t, fragment.Options{}), fragment.KeyOf("k")
	off := fragment.Policy{TTL: -time.Second}
	must(t, c.Set(ctx, k, []byte("7"), fragment.Policy{}))
	wantDo(t, c, k, off, give("other"), "other")
	must(t, c.Set(ctx, k, []byte("8"), off))
	must(t, c.SetMany(ctx, map[fragment.Key][]byte{k: []byte("8")}, off))
	if added, err := c.Add(ctx, fragment.KeyOf("new"), nil, off); added || err != nil {
		t.Errorf("Add = %t, %v, want nothing added", added, err)
	}
	if ok, err := c.Touch(ctx, k, off); !ok || err != nil {
		t.Errorf("Touch = %t, %v, want that there is an entry", ok, err)
	}
	if sum, err := c.Increment(ctx, fragment.KeyOf("sum"), 3, off); sum != 3 || err != nil {
		t.Errorf("Increment = %d, %v, want 3 and nothing stored", sum, err)
	}
	wantGet(t, c, fragment.KeyOf("sum"), "-")
	wantGet(t, c, k, "7")
	if left, _, _ := c.TTL(ctx, k); left > fragment.DefaultTTL {
		t.Errorf("the entry now lives %v", left)
	}
}
