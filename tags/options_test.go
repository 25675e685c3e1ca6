package tags_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flosch/pongo2/v6"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// How long a block is served stale where its body fails, however that is
// spelled; the cache itself keeps nothing stale.
func TestStaleOption(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"90": 90 * time.Second, "1.5": 1500 * time.Millisecond, "5m": 5 * time.Minute, `"1h30m"`: 90 * time.Minute,
		"7d": 7 * 24 * time.Hour, "ttl": 90 * time.Second, "(60 * 2)": 2 * time.Minute, "one|add:1": 2 * time.Second,
		"half": 500 * time.Millisecond, "0": 0, "default": 0, "zero": 0,
	} {
		t.Run(value, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, map[string]string{"page.html": `{% cache 10 "a" stale=` + value + ` %}{{ fail() }}{{ made }}{% endcache %}`})
				good := pongo2.Context{"fail": func() string { return "" }, "zero": time.Duration(0)}
				bad := pongo2.Context{"fail": wrongData["fail"], "zero": time.Duration(0)}
				s.want("page.html", good, "made 1")
				if want > 0 {
					time.Sleep(10*time.Second + want - time.Millisecond)
					s.want("page.html", bad, "made 1")
					time.Sleep(time.Millisecond)
				} else {
					time.Sleep(10 * time.Second)
				}
				if out, err := s.render("page.html", bad); err == nil {
					t.Errorf("got %q after the time to be served stale, want the error of the body", out)
				}
			})
		})
	}
}

// stale=0 keeps nothing stale where the cache does by default.
func TestStaleOptionZeroIsNone(t *testing.T) {
	for value, stored := range map[string]bool{"0": false, "default": true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, map[string]string{"page.html": `{% cache 10 "a" using="old" stale=` + value + ` %}{{ fail() }}{% endcache %}`})
			c, err := fragment.New(fragmenttest.NewMemory(), fragment.Options{Policy: fragment.Policy{Stale: time.Hour}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.registry.Use("old", c); err != nil {
				t.Fatal(err)
			}
			s.want("page.html", pongo2.Context{"fail": func() string { return "good" }}, "good")
			time.Sleep(11 * time.Second)
			if _, err := s.render("page.html", wrongData); (err == nil) != stored {
				t.Errorf("stale=%s: got error %v, want one: %v", value, err, !stored)
			}
		})
	}
}

// With jitter=1 no two blocks expire together; without, all do.
func TestJitterOption(t *testing.T) {
	for option, spread := range map[string]bool{"": false, "jitter=0": false, "jitter=1": true, "jitter=one": true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, map[string]string{"page.html": `{% for x in many %}{% cache 100 "a" x ` + option + ` %}{{ made }}{% endcache %}{% endfor %}`})
			many := pongo2.Context{"many": make([]int, 0, 64)}
			for i := range 64 {
				many["many"] = append(many["many"].([]int), i)
			}
			if _, err := s.render("page.html", many); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Second)
			if _, err := s.render("page.html", many); err != nil {
				t.Fatal(err)
			}
			if again := s.made > 64; again != spread {
				t.Errorf("%q: got %d of 64 rendered again at half time", option, s.made-64)
			}
		})
	}
}

// early= refills a dear block before it expires.
func TestEarlyOption(t *testing.T) {
	for option, early := range map[string]bool{"": false, "early=0": false, "early=1000": true, "early=(one * 1000)": true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, map[string]string{"page.html": `{% cache 100 "a" ` + option + ` %}{{ slow() }}{{ made }}{% endcache %}`})
			slow := pongo2.Context{"slow": func() string { time.Sleep(time.Second); return "" }}
			s.want("page.html", slow, "made 1")
			for range 64 {
				time.Sleep(time.Second)
				if _, err := s.render("page.html", slow); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.made > 1; got != early {
				t.Errorf("%q: got %d renderings within the TTL", option, s.made)
			}
		})
	}
}

// A refresh stores, and keeps what is there if it fails.
func TestRefreshOption(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 100 "a" refresh=now %}{{ fail() }}{{ made }}{% endcache %}`})
	good := func() string { return "" }
	s.want("page.html", pongo2.Context{"fail": good, "now": false}, "made 1")
	s.want("page.html", pongo2.Context{"fail": good, "now": true}, "made 2")
	s.want("page.html", pongo2.Context{"fail": good, "now": nil}, "made 2")
	s.want("page.html", pongo2.Context{"fail": wrongData["fail"], "now": true}, "made 2")
	s.want("page.html", pongo2.Context{"fail": good, "now": false}, "made 2")
}

// An option that a hit does not need is not evaluated there: tags=.
func TestTagsAreEvaluatedOnAMissAlone(t *testing.T) {
	s := newSite(t, map[string]string{"page.html": `{% cache 100 "a" tags=told() %}{{ made }}{% endcache %}`})
	calls := 0
	told := pongo2.Context{"told": func() []string { calls++; return []string{"x", "y"} }}
	for range 3 {
		s.want("page.html", told, "made 1")
	}
	if calls != 1 {
		t.Errorf("got %d evaluations of tags=, want 1", calls)
	}
	if err := s.registry.InvalidateTags(context.Background(), "y"); err != nil {
		t.Fatal(err)
	}
	s.want("page.html", told, "made 2")
}
